use engine::World;
use super::{AdminMark, Arrangement, Scene, View};
pub(super) fn arrange(_world: &World, view: &View) -> Scene {
    Scene { width: view.width_rem.max(20.0), height: 0.0, arrangement: Arrangement::Columns, notes: vec![], brokers: vec![], admin: AdminMark { client_ids: vec![], rect: Default::default() }, producers: vec![], topics: vec![], groups: vec![], ribbons: vec![] }
}

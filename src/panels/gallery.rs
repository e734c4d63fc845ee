use std::rc::Rc;

use gloo::timers::callback::Timeout;
use yew::prelude::*;

use crate::playground::{ReadyMade, WORLDS};
use crate::stage::{Miniature, Scene, View};

/// How wide the boards are of which the pictures are taken, in rem.
const PICTURE_WIDTH_REM: f32 = 76.0;

/// The seed with which ready-made worlds begin: every class sees the same.
pub const WORLD_SEED: u64 = 1;

#[derive(Properties, PartialEq)]
pub struct GalleryProps {
    /// The ready-made world that the one on the board began as.
    pub current: &'static ReadyMade,
    /// The world that was on the board before it, to which one can go back.
    pub previous: Option<&'static str>,
    /// Called with the world to open.
    pub on_open: Callback<&'static ReadyMade>,
    /// Called to go back.
    pub on_back: Callback<()>,
}

/// The ready-made worlds, each with its picture. The pictures are made one after
/// the other, so that the page stays awake.
pub struct Gallery {
    pictures: Vec<Rc<Scene>>,
    _next: Option<Timeout>,
}

impl Component for Gallery {
    type Message = ();
    type Properties = GalleryProps;

    fn create(ctx: &Context<Self>) -> Self {
        Gallery {
            pictures: Vec::new(),
            _next: Some(next(ctx)),
        }
    }

    fn update(&mut self, ctx: &Context<Self>, (): ()) -> bool {
        let Some(world) = WORLDS.get(self.pictures.len()) else {
            return false;
        };
        let playground = world.open(WORLD_SEED);
        let view = View {
            by: world.by,
            ..View::new(PICTURE_WIDTH_REM)
        };
        let scene = Scene::of(playground.world(), &view);
        self.pictures.push(Rc::new(scene));
        self._next = (self.pictures.len() < WORLDS.len()).then(|| next(ctx));
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let back = props.on_back.reform(|_: MouseEvent| ());
        html! {
            <div class="gallery">
                <h2>{ "Ready-made worlds" }</h2>
                if let Some(previous) = &props.previous {
                    <p>
                        { "The world that was on the board is kept: " }
                        <button type="button" onclick={back}>{ format!("Back to {previous:?}") }</button>
                    </p>
                }
                <ul>
                    { for WORLDS.iter().enumerate().map(|(place, world)| {
                        card(world, self.pictures.get(place), props)
                    }) }
                </ul>
            </div>
        }
    }
}

fn next(ctx: &Context<Gallery>) -> Timeout {
    let link = ctx.link().clone();
    Timeout::new(0, move || link.send_message(()))
}

fn card(world: &'static ReadyMade, picture: Option<&Rc<Scene>>, props: &GalleryProps) -> Html {
    let is_current = props.current == world;
    let open = props.on_open.reform(move |_: MouseEvent| world);
    let sentence = format!("world-{}", world.id);
    html! {
        <li key={world.id}>
            <button
                type="button"
                class="gallery-card"
                onclick={open}
                aria-describedby={sentence.clone()}
                aria-current={is_current.then_some("true")}
            >
                <span class="gallery-picture">
                    if let Some(scene) = picture {
                        <Miniature scene={scene.clone()} />
                    }
                </span>
                <b>{ world.title }</b>
            </button>
            <p id={sentence}>
                { world.sentence }
                if is_current {
                    <em>{ " On the board." }</em>
                }
            </p>
        </li>
    }
}

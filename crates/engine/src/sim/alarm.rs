use super::fabric::{Fabric, Scheduled};
use super::{Time, TimerHandle};

/// One timer that stands for the first of all that a node waits for.
#[derive(Clone, Debug, Default, Hash)]
pub(crate) struct Alarm {
    set: Option<(Time, TimerHandle)>,
}

impl Alarm {
    /// Sets it to go off at `at`, or not at all.
    pub fn set(&mut self, fabric: &mut Fabric, at: Option<Time>, scheduled: Scheduled) {
        let at = at.map(|at| at.max(fabric.now));
        if self.set.map(|(at, _)| at) == at {
            return;
        }
        self.cancel(fabric);
        self.set = at.map(|at| (at, fabric.queue.push(at, scheduled)));
    }

    /// It has gone off.
    pub fn went_off(&mut self) {
        self.set = None;
    }

    /// Takes it back.
    pub fn cancel(&mut self, fabric: &mut Fabric) {
        if let Some((_, timer)) = self.set.take() {
            fabric.queue.cancel(timer);
        }
    }
}

use std::cell::{Ref, RefCell, RefMut};
use std::rc::Rc;

use gloo::render::{AnimationFrame, request_animation_frame};
use web_sys::HtmlCanvasElement;
use yew::prelude::*;

use crate::playground::{Playground, Weight};
use crate::stage::geometry::Rect;
use crate::stage::{By, Scene, Turns, View, ViewChange, measure, paint};
use crate::timeline::{Clock, History};

use super::side;

/// The least time between two refreshes of the page's structure, in
/// milliseconds.
const REFRESH_MS: f64 = 100.0;

/// The board's width until it is measured, which is before anything is
/// painted.
const FIRST_WIDTH_REM: f32 = 80.0;

/// For how long a caption stays before another of the same weight takes its
/// place, in milliseconds; a weighty one stays twice as long.
const CAPTION_MIN_MS: f64 = 1_500.0;

/// The one animation loop of the page. Each frame lets virtual time pass and
/// paints what flies; at most ten times a second it asks for the rest of the
/// page to be refreshed.
pub(super) struct Heartbeat {
    state: Rc<RefCell<State>>,
}

struct State {
    history: History,
    clock: Clock,
    scene: Rc<Scene>,
    turns: Turns,
    /// The part of the board that is seen.
    seen: Option<Rect>,
    /// The scene was made in the frame before: the next one draws it.
    is_scene_ready: bool,
    view: View,
    canvas: NodeRef,
    refresh: Callback<()>,
    refreshed_ms: f64,
    now_ms: f64,
    frame: Option<AnimationFrame>,
}

impl Heartbeat {
    pub fn new(playground: Playground, canvas: NodeRef, refresh: Callback<()>) -> Heartbeat {
        let view = View::new(FIRST_WIDTH_REM);
        let scene = Rc::new(playground.scene(&view));
        let state = State {
            history: History::of(playground),
            clock: Clock::default(),
            turns: Turns::new(scene.clone()),
            seen: None,
            is_scene_ready: false,
            scene,
            view,
            canvas,
            refresh,
            refreshed_ms: 0.0,
            now_ms: 0.0,
            frame: None,
        };
        let heartbeat = Heartbeat {
            state: Rc::new(RefCell::new(state)),
        };
        beat(&heartbeat.state);
        heartbeat
    }

    /// Puts another world on the board, and gives back the one that was there
    /// with the way in which it was arranged. The board has the same room and
    /// size.
    pub fn replace(&self, history: History, view: View) -> (History, View) {
        let state = &mut *self.state.borrow_mut();
        state.is_scene_ready = false;
        let view = View {
            by: view.by,
            shows_internal: view.shows_internal,
            folded: view.folded,
            moved: view.moved,
            growing: None,
            ..state.view.clone()
        };
        let history = std::mem::replace(&mut state.history, history);
        (history, std::mem::replace(&mut state.view, view))
    }

    pub fn with<T>(&self, look: impl FnOnce(&Playground) -> T) -> T {
        self.with_history(|history| look(history.present()))
    }

    pub fn with_history<T>(&self, look: impl FnOnce(&History) -> T) -> T {
        let state: Ref<'_, State> = self.state.borrow();
        look(&state.history)
    }

    pub fn with_history_mut<T>(&self, act: impl FnOnce(&mut History) -> T) -> T {
        let mut state: RefMut<'_, State> = self.state.borrow_mut();
        act(&mut state.history)
    }

    /// Does what a person asks for.
    pub fn act<T>(
        &self,
        deed: impl FnOnce(&mut Playground) -> Result<T, String>,
    ) -> Result<T, String> {
        self.with_history_mut(|history| history.act(deed))
    }

    pub fn is_playing(&self) -> bool {
        self.state.borrow().clock.is_playing()
    }

    pub fn set_playing(&self, playing: bool) {
        self.state.borrow_mut().clock.set_playing(playing);
    }

    pub fn speed_exponent(&self) -> f64 {
        self.state.borrow().clock.speed_exponent()
    }

    pub fn set_speed_exponent(&self, exponent: f64) {
        self.state.borrow_mut().clock.set_speed_exponent(exponent);
    }

    pub fn scene(&self) -> Rc<Scene> {
        self.state.borrow().scene.clone()
    }

    /// What of the scene is drawn, and what is said of it.
    pub fn turns(&self) -> Turns {
        self.state.borrow().turns.clone()
    }

    /// What the board is arranged by.
    pub fn by(&self) -> By {
        self.state.borrow().view.by
    }

    /// Makes the picture anew.
    pub fn refresh_scene(&self) {
        self.state.borrow_mut().make_scene();
    }

    /// Makes the picture anew where the frame before has not done so.
    pub fn ready_scene(&self) {
        let state = &mut *self.state.borrow_mut();
        if !std::mem::take(&mut state.is_scene_ready) {
            state.make_scene();
        }
    }

    /// Notes how wide the board is now, and has it drawn anew when that
    /// changed. Says whether it is drawn as it is to be.
    pub fn measure(&self) -> bool {
        let mut state = self.state.borrow_mut();
        let canvas = state.canvas.cast::<HtmlCanvasElement>();
        let room = canvas
            .as_ref()
            .and_then(|canvas| measure(canvas, side::around_board_px()));
        let Some(room) = room else {
            return false;
        };
        if !state.view.take_room(room) {
            return true;
        }
        state.is_scene_ready = false;
        let refresh = state.refresh.clone();
        drop(state);
        refresh.emit(());
        false
    }

    /// Looks at the board in another way.
    pub fn look(&self, change: ViewChange) {
        let state = &mut *self.state.borrow_mut();
        state.view.change(change, &state.scene);
    }

    /// Paints what flies, while time stands still: else the next frame does.
    pub fn paint_still(&self) {
        let state = &mut *self.state.borrow_mut();
        if !state.clock.is_playing() {
            state.paint();
        }
    }
}

impl State {
    /// Keeps the old picture when nothing has changed, so that nothing is
    /// painted again.
    fn make_scene(&mut self) {
        self.is_scene_ready = false;
        let mut scene = self.history.present().scene(&self.view);
        if self.view.fit(&scene) {
            scene = self.history.present().scene(&self.view);
        }
        if *self.scene != scene {
            self.scene = Rc::new(scene);
        }
        let seen = self.seen.filter(|_| self.clock.is_playing());
        self.turns.take(&self.scene, seen);
    }

    fn paint(&mut self) {
        if let Some(canvas) = self.canvas.cast::<HtmlCanvasElement>() {
            let world = self.history.present().world();
            let seen = paint(&canvas, &self.scene, world, self.clock.is_playing());
            self.seen = seen.or(self.seen);
        }
    }
}

fn beat(state: &Rc<RefCell<State>>) {
    let weak = Rc::downgrade(state);
    let frame = request_animation_frame(move |now_ms| {
        let Some(state) = weak.upgrade() else {
            return;
        };
        let refresh = {
            let state = &mut *state.borrow_mut();
            state.now_ms = now_ms;
            let us = state.clock.frame(now_ms);
            if us > 0 {
                state.history.advance_us(us);
            }
            state.paint();
            let due = now_ms - state.refreshed_ms >= REFRESH_MS;
            let due = due && (us > 0 || state.clock.is_playing());
            // One frame makes the picture and the next one draws it, so that
            // neither has to do both.
            let is_ready = state.is_scene_ready;
            if due && !is_ready {
                state.refreshed_ms = now_ms;
                state.make_scene();
                state.is_scene_ready = true;
            }
            state.history.keep_now_and_then(!due && !is_ready);
            is_ready.then(|| state.refresh.clone())
        };
        if let Some(refresh) = refresh {
            refresh.emit(());
        }
        beat(&state);
    });
    state.borrow_mut().frame = Some(frame);
}

/// The caption: the weightiest of the latest news, kept long enough to be read.
#[derive(Default)]
pub(super) struct Caption {
    text: String,
    weight: Weight,
    since_ms: f64,
}

impl Caption {
    pub fn text(&self) -> String {
        self.text.clone()
    }

    /// Puts up what is new. While time passes, a caption makes room early only
    /// for weightier news.
    pub fn take(&mut self, heartbeat: &Heartbeat) {
        let state = &mut *heartbeat.state.borrow_mut();
        let least_ms = match self.weight >= Weight::Change {
            true => 2.0 * CAPTION_MIN_MS,
            false => CAPTION_MIN_MS,
        };
        let still_fresh = state.clock.is_playing()
            && !self.text.is_empty()
            && state.now_ms - self.since_ms < least_ms;
        let next = state.history.present().news().headline_weight();
        if still_fresh && next <= Some(self.weight) {
            return;
        }
        if let Some(line) = state.history.take_headline() {
            self.text = line.text;
            self.weight = line.weight;
            self.since_ms = state.now_ms;
        }
    }
}

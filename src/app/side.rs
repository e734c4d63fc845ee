//! The open panel, what it shows of the world, and the way back.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::metrics::{Figures, figures};
use crate::panels::inspector::{self, Sheet};
use crate::panels::{Cursor, Filter, Hit, Page, Panel, browse, search};
use crate::playground::Playground;
use crate::stage::{TopicKeys, topic_keys};

/// The most panels that one can go back through.
const BACK_MAX: usize = 50;

/// A page for which more records than this were looked at is not made anew
/// while the world goes on.
const LIVE_MAX: usize = 2_000;

/// The panel that is open, if any.
pub(super) struct Side {
    panel: Option<Panel>,
    back: Vec<Panel>,
    content: Content,
    /// The message browser's filter, and where its pages began up to the
    /// present one.
    filter: Filter,
    cursors: Vec<Cursor>,
    /// What is searched for.
    text: String,
    /// What had the focus before a panel was opened.
    focus_before: Option<HtmlElement>,
}

/// What the open panel shows of the world.
#[derive(Default)]
pub(super) enum Content {
    /// Nothing that changes with it.
    #[default]
    None,
    /// What a thing is.
    Sheet(Rc<Sheet>),
    /// Records; `None` when their topic is gone.
    Page(Option<Rc<Page>>),
    /// Keys; `None` when their topic is gone.
    Keys(Option<Rc<TopicKeys>>),
    /// What was found.
    Hits(Rc<[Hit]>),
    /// What is measured.
    Figures(Rc<Figures>),
}

impl Side {
    pub fn new() -> Side {
        Side {
            panel: None,
            back: Vec::new(),
            content: Content::None,
            filter: Filter::default(),
            cursors: Vec::new(),
            text: String::new(),
            focus_before: None,
        }
    }

    pub fn panel(&self) -> Option<&Panel> {
        self.panel.as_ref()
    }

    pub fn content(&self) -> &Content {
        &self.content
    }

    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Which page of the browser is shown, from 0.
    pub fn page_number(&self) -> usize {
        self.cursors.len()
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn can_go_back(&self) -> bool {
        !self.back.is_empty()
    }

    /// Opens a panel, from which one can go back to the one that was open.
    pub fn open(&mut self, panel: Panel) {
        match self.panel.take() {
            Some(before) if before != panel => {
                self.back.push(before);
                let too_many = self.back.len().saturating_sub(BACK_MAX);
                self.back.drain(..too_many);
            }
            Some(_) => {}
            None => {
                let focused = gloo::utils::document().active_element();
                self.focus_before = focused.and_then(|it| it.dyn_into().ok());
            }
        }
        self.show(panel);
    }

    /// Opens a panel, or closes it when it is open.
    pub fn toggle(&mut self, panel: Panel) {
        match self.panel.as_ref() == Some(&panel) {
            true => self.close(),
            false => self.open(panel),
        }
    }

    pub fn go_back(&mut self) {
        if let Some(panel) = self.back.pop() {
            self.show(panel);
        }
    }

    pub fn close(&mut self) {
        self.panel = None;
        self.content = Content::None;
        self.back.clear();
    }

    /// What had the focus before a panel was opened, if it is still there.
    pub fn take_focus_before(&mut self) -> Option<HtmlElement> {
        let before = self.focus_before.take()?;
        before.is_connected().then_some(before)
    }

    fn show(&mut self, panel: Panel) {
        self.content = Content::None;
        let is_of_same_topic = matches!(
            (&self.panel, &panel),
            (Some(Panel::Browser(one)), Panel::Browser(other)) if one == other
        );
        if !is_of_same_topic {
            self.filter = Filter::default();
            self.cursors.clear();
        }
        self.panel = Some(panel);
    }

    /// Another filter for the browser, which begins anew.
    pub fn set_filter(&mut self, filter: Filter) {
        self.filter = filter;
        self.cursors.clear();
        self.content = Content::None;
    }

    /// The browser's page that begins there.
    pub fn go_to_older(&mut self, cursor: Cursor) {
        self.cursors.push(cursor);
        self.content = Content::None;
    }

    pub fn go_to_newer(&mut self) {
        self.cursors.pop();
        self.content = Content::None;
    }

    /// The world is at another instant: what is kept of it while it goes on is
    /// looked for anew.
    pub fn look_anew(&mut self) {
        self.content = Content::None;
    }

    pub fn set_text(&mut self, text: String) {
        self.text = text;
        self.content = Content::None;
    }

    /// Takes over what the panel shows of the world; keeps what has not
    /// changed, so that nothing is drawn again.
    pub fn refresh(&mut self, playground: &Playground) {
        let world = playground.world();
        let content = match &self.panel {
            Some(Panel::Inspector(subject)) => {
                let sheet = inspector::sheet(world, subject);
                match &self.content {
                    Content::Sheet(last) if **last == sheet => return,
                    _ => Content::Sheet(Rc::new(sheet)),
                }
            }
            Some(Panel::Browser(topic)) => {
                if matches!(&self.content, Content::Page(Some(last)) if last.looked_at > LIVE_MAX) {
                    return;
                }
                let first = Cursor::new();
                let from = self.cursors.last().unwrap_or(&first);
                let page = browse(world, topic, &self.filter, from);
                match (&self.content, page) {
                    (Content::Page(Some(last)), Some(page)) if **last == page => return,
                    (_, page) => Content::Page(page.map(Rc::new)),
                }
            }
            Some(Panel::Keys(topic)) => {
                let count = world.topics().get(topic).map(|it| it.partitions.len());
                let keeps = |last: &TopicKeys| {
                    last.is_part && usize::try_from(last.partitions).ok() == count
                };
                match &self.content {
                    Content::Keys(Some(last)) if keeps(last) => return,
                    last => match (last, topic_keys(world, topic)) {
                        (Content::Keys(Some(last)), Some(keys)) if **last == keys => return,
                        (_, keys) => Content::Keys(keys.map(Rc::new)),
                    },
                }
            }
            Some(Panel::Search) => match &self.content {
                Content::Hits(_) => return,
                _ => Content::Hits(search(world, &self.text).into()),
            },
            Some(Panel::Metrics) => {
                let figures = figures(world, playground.metrics());
                match &self.content {
                    Content::Figures(last) if **last == figures => return,
                    _ => Content::Figures(Rc::new(figures)),
                }
            }
            _ => Content::None,
        };
        self.content = content;
    }
}

/// Tells the style sheet how much of the window is taken above and below the
/// panel that stands beside the board.
pub(super) fn make_room() {
    let (header, playbar) = (height(".top"), height(".playbar"));
    let root = gloo::utils::document_element().dyn_into::<HtmlElement>();
    let Ok(style) = root.map(|root| root.style()) else {
        return;
    };
    let lengths = [
        ("--above-panel", header + playbar),
        ("--playbar", playbar),
        ("--below-panel", height(".terminal")),
    ];
    for (name, length) in lengths {
        // A length is always taken.
        let _ = style.set_property(name, &format!("{length}px"));
    }
}

/// What the window's height is taken by above and below the board, in CSS
/// pixels; of the terminals only the line that one types into, since what they
/// print is not to make the board smaller.
pub(super) fn around_board_px() -> f64 {
    let parts = [".top", ".playbar", ".command-line", ".presenting"];
    parts.map(height).into_iter().map(f64::from).sum()
}

fn height(selector: &str) -> i32 {
    let element = gloo::utils::document().query_selector(selector);
    let element = element.ok().flatten();
    let element = element.and_then(|it| it.dyn_into::<HtmlElement>().ok());
    element.map_or(0, |it| it.offset_height())
}

//! The root: it owns the playground, lets time pass, and hands each part of
//! the page what it shows.

mod heartbeat;
mod keys;
mod panels;
mod presenting;
mod qr;
mod side;
mod speech;
mod theme;

use std::rc::Rc;

use engine::client::Client;
use engine::{Command, Time};
use shell::TerminalId;
use web_sys::{ScrollIntoViewOptions, ScrollLogicalPosition};
use yew::prelude::*;

use crate::panels::inspector::{Deed, group_ids};
use crate::panels::{
    ConnectorRequest, ConsumerRequest, Cursor, Filter, Panel, ProducerRequest, ReaderKind,
    RecordRequest, TopicRequest, WORLD_SEED,
};
use crate::playground::{LogLine, Playground, ReadyMade, WORLDS};
use crate::stage::{Board, BoardAction, By, Pointed, Scene, Subject, View, ViewChange};
use crate::terminal::{TerminalAction, TerminalPanel, TerminalSnapshot};
use crate::timeline::{History, TimeControls, TimelineSlider};
use heartbeat::{Caption, Heartbeat};
use keys::{KeyListener, Shortcut};
use presenting::{Address, Presenting, PresentingBar};
use side::Side;
use speech::{Speech, SpeechButton};
use theme::Theme;

/// What happens on the page.
pub enum Msg {
    /// The picture may have changed; comes at most ten times a second.
    Refresh,
    /// Play, or pause.
    TogglePlay,
    /// Pause.
    Pause,
    /// One step on.
    Step,
    /// To before the last step.
    StepBack,
    /// To an instant.
    Scrub(Time),
    /// The speed's decimal logarithm was set.
    Speed(f64),
    /// Something at a terminal.
    Terminal(TerminalAction),
    /// One of the board's own buttons.
    Board(BoardAction),
    /// The board is arranged the other way.
    Rearrange,
    /// The page is shown to a room, or no longer.
    Present,
    /// The QR code of a page that is shown to a room is hidden, or shown again.
    ToggleCode,
    /// Somebody pointed at the board.
    Point(Pointed),
    /// A panel is opened; the same one again closes it.
    Open(Panel),
    /// The open panel is closed.
    ClosePanel,
    /// The panel before the open one is opened again.
    Back,
    /// A thing is opened.
    Inspect(Subject),
    /// Something is done from a panel; or, in a sentence, what to mend first.
    Deed(Result<Deed, String>),
    /// The message browser's filter.
    Filter(Result<Filter, String>),
    /// The message browser's page that begins there.
    Older(Cursor),
    /// The message browser's page before.
    Newer,
    /// Something is searched for.
    Search(String),
    /// The form that starts a producer was sent off.
    AddProducer(Result<ProducerRequest, String>),
    /// The form that sends a record was sent off.
    SendRecord(Result<RecordRequest, String>),
    /// The form that starts a consumer was sent off.
    AddConsumer(Result<ConsumerRequest, String>),
    /// The form that makes a connector was sent off.
    AddConnector(Result<ConnectorRequest, String>),
    /// The form that makes a topic was sent off.
    NewTopic(Result<TopicRequest, String>),
    /// The notice was read.
    DismissNotice,
    /// A ready-made world was chosen.
    OpenWorld(&'static ReadyMade),
    /// Back to the world that was on the board before.
    GoBack,
    /// The next theme.
    NextTheme,
    /// Captions are spoken, or silent.
    ToggleSpeech,
}

/// The page.
pub struct App {
    heartbeat: Heartbeat,
    /// The ready-made world that the one on the board began as.
    world: &'static ReadyMade,
    /// What was on the board before.
    previous: Option<Left>,
    scene: Rc<Scene>,
    terminals: Vec<TerminalSnapshot>,
    active_terminal: TerminalId,
    caption: Caption,
    log: Rc<[LogLine]>,
    side: Side,
    notice: Option<String>,
    /// How many forms were carried out.
    sent: u32,
    theme: Theme,
    speech: Speech,
    presenting: Presenting,
    canvas: NodeRef,
    header: NodeRef,
    panel_place: NodeRef,
    /// The panel that had the focus moved into it, or `None` for the page.
    focused_panel: Option<Panel>,
    /// The thing in the panel is to be brought into sight, once the board has
    /// made room for the panel.
    is_subject_to_show: bool,
    /// The topics that were on the board when it was last drawn.
    topics_shown: Vec<String>,
    /// Made once, as those that follow, so that what shows the same is not drawn
    /// again.
    on_deed: Callback<Result<Deed, String>>,
    on_board: Callback<BoardAction>,
    on_point: Callback<Pointed>,
    on_terminal: Callback<TerminalAction>,
    on_code: Callback<()>,
    on_present: Callback<()>,
    on_speech: Callback<()>,
    _keys: KeyListener,
}

/// A world that another one was put in the place of.
struct Left {
    history: History,
    /// How it was looked at.
    view: View,
    world: &'static ReadyMade,
}

/// How a ready-made world is first looked at. How wide the board is, it knows.
fn first_view(world: &ReadyMade) -> View {
    View {
        by: world.by,
        ..View::new(0.0)
    }
}

/// The world that the address asks for, or else the first one.
fn first_world() -> &'static ReadyMade {
    let fragment = gloo::utils::window().location().hash().unwrap_or_default();
    ReadyMade::asked_for(&fragment).unwrap_or(&WORLDS[0])
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let canvas = NodeRef::default();
        let refresh = ctx.link().callback(|()| Msg::Refresh);
        let first = first_world();
        let heartbeat = Heartbeat::new(first.open(WORLD_SEED), canvas.clone(), refresh);
        heartbeat.look(ViewChange::Arrange(first.by));
        let on_key = ctx.link().callback(|shortcut| match shortcut {
            Shortcut::TogglePlay => Msg::TogglePlay,
            Shortcut::Pause => Msg::Pause,
            Shortcut::Step => Msg::Step,
            Shortcut::StepBack => Msg::StepBack,
            Shortcut::Help => Msg::Open(Panel::Help),
            Shortcut::Rearrange => Msg::Rearrange,
            Shortcut::Present => Msg::Present,
            Shortcut::Search => Msg::Open(Panel::Search),
            Shortcut::Metrics => Msg::Open(Panel::Metrics),
            Shortcut::Close => Msg::ClosePanel,
        });
        let terminals: Vec<TerminalSnapshot> = heartbeat.with(|playground| {
            let terminals = playground.shell().terminals();
            terminals
                .map(|terminal| TerminalSnapshot::of(terminal, None))
                .collect()
        });
        let active_terminal = terminals.first().expect("a shell has a terminal").id;
        let mut app = App {
            scene: heartbeat.scene(),
            heartbeat,
            world: first,
            previous: None,
            terminals,
            active_terminal,
            caption: Caption::default(),
            log: Rc::new([]),
            side: Side::new(),
            notice: None,
            sent: 0,
            theme: Theme::current(),
            speech: Speech::current(),
            presenting: Presenting::default(),
            canvas,
            header: NodeRef::default(),
            panel_place: NodeRef::default(),
            focused_panel: None,
            is_subject_to_show: false,
            topics_shown: Vec::new(),
            on_deed: ctx.link().callback(Msg::Deed),
            on_board: ctx.link().callback(Msg::Board),
            on_point: ctx.link().callback(Msg::Point),
            on_terminal: ctx.link().callback(Msg::Terminal),
            on_code: ctx.link().callback(|()| Msg::ToggleCode),
            on_present: ctx.link().callback(|()| Msg::Present),
            on_speech: ctx.link().callback(|()| Msg::ToggleSpeech),
            _keys: KeyListener::new(on_key),
        };
        app.refresh();
        app
    }

    fn update(&mut self, _ctx: &Context<Self>, msg: Msg) -> bool {
        let is_beat = matches!(msg, Msg::Refresh);
        match msg {
            Msg::Refresh => {}
            Msg::TogglePlay => {
                let playing = self.heartbeat.is_playing();
                self.heartbeat.set_playing(!playing);
            }
            Msg::Pause => self.heartbeat.set_playing(false),
            Msg::Step => {
                self.heartbeat.set_playing(false);
                self.heartbeat.with_history_mut(History::step);
            }
            Msg::StepBack => self.go(History::step_back),
            Msg::Scrub(at) => self.go(|history| history.scrub_to(at)),
            Msg::Speed(exponent) => self.heartbeat.set_speed_exponent(exponent),
            Msg::Terminal(action) => self.on_terminal(action),
            Msg::Board(action) => self.on_board(action),
            Msg::Present => self.presenting = self.presenting.toggled(),
            Msg::ToggleCode => self.presenting = self.presenting.code_toggled(),
            Msg::Rearrange => self
                .heartbeat
                .look(ViewChange::Arrange(match self.heartbeat.by() {
                    By::Topic => By::Broker,
                    By::Broker => By::Topic,
                })),
            Msg::Point(pointed) => self.point(pointed),
            Msg::Open(panel) => self.side.toggle(panel),
            Msg::ClosePanel => self.side.close(),
            Msg::Back => self.side.go_back(),
            Msg::Inspect(subject) => self.side.open(Panel::Inspector(subject)),
            Msg::Deed(deed) => self.on_deed(deed),
            Msg::Filter(Ok(filter)) => self.side.set_filter(filter),
            Msg::Filter(Err(sentence)) => self.notice = Some(sentence),
            Msg::Older(cursor) => self.side.go_to_older(cursor),
            Msg::Newer => self.side.go_to_newer(),
            Msg::Search(text) => self.side.set_text(text),
            Msg::AddProducer(request) => self.submit(request, |playground, request| {
                let started = playground.add_producer(*request.config, request.workload);
                started.map(|_| ())
            }),
            Msg::SendRecord(request) => self.submit(request, |playground, request| {
                playground.send_record(request.producer, request.record)
            }),
            Msg::AddConsumer(request) => self.submit(request, |playground, request| {
                playground.add_reader(request).map(|_| ())
            }),
            Msg::AddConnector(request) => self.submit(request, |playground, request| {
                playground.add_connector(*request.config, request.rows)
            }),
            Msg::NewTopic(request) => self.submit(request, |playground, request| {
                let TopicRequest {
                    name,
                    partitions,
                    replication_factor,
                    configs,
                } = request;
                playground.create_topic(&name, partitions, replication_factor, configs)
            }),
            Msg::DismissNotice => self.notice = None,
            Msg::OpenWorld(world) => {
                let history = History::of(world.open(WORLD_SEED));
                self.show(history, first_view(world), world);
            }
            Msg::GoBack => {
                if let Some(left) = self.previous.take() {
                    self.show(left.history, left.view, left.world);
                }
            }
            Msg::NextTheme => self.theme = self.theme.next(),
            Msg::ToggleSpeech => self.speech = self.speech.toggled(),
        }
        match is_beat {
            true => self.heartbeat.ready_scene(),
            false => self.heartbeat.refresh_scene(),
        }
        self.refresh();
        true
    }

    fn rendered(&mut self, _ctx: &Context<Self>, _first: bool) {
        if self.side.panel().is_some_and(Panel::is_beside) {
            side::make_room();
        }
        let is_settled = self.heartbeat.measure();
        self.heartbeat.paint_still();
        if self.focused_panel.as_ref() != self.side.panel() {
            self.focused_panel = self.side.panel().cloned();
            self.move_focus();
            self.is_subject_to_show = true;
        }
        if self.is_subject_to_show && is_settled {
            self.is_subject_to_show = false;
            self.show_subject();
        }
        self.show_new_topic();
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let is_beside = self.side.panel().is_some_and(Panel::is_beside);
        let turns = self.heartbeat.turns();
        html! {
            <>
                <header class="top" ref={self.header.clone()}>
                    <h1>{ "Kafka Lanes" }</h1>
                    { self.view_toolbar(ctx) }
                </header>
                <section class="playbar" aria-label="Now">
                    { self.view_time(ctx) }
                    <div class="now-told">
                        <p class="caption" role="status" aria-live={self.speech.live()} aria-label="Caption">{ self.caption.text() }</p>
                        <SpeechButton speech={self.speech} on_toggle={self.on_speech.clone()} />
                    </div>
                    { self.view_timeline(ctx) }
                    if self.presenting.is_on() {
                        <PresentingBar
                            address={Address::current()}
                            shows_code={self.presenting.shows_code()}
                            on_code={self.on_code.clone()}
                            on_end={self.on_present.clone()}
                        />
                    }
                </section>
                { self.view_notice(ctx) }
                <div class={classes!("middle", is_beside.then_some("has-panel-beside"))}>
                { self.view_panel(ctx) }
                <main class="stage">
                    <Board
                        scene={turns.drawn}
                        told={turns.told}
                        near={turns.near}
                        canvas_ref={self.canvas.clone()}
                        on_action={self.on_board.clone()}
                        on_point={self.on_point.clone()}
                    />
                </main>
                </div>
                <TerminalPanel
                    terminals={self.terminals.clone()}
                    active={self.active_terminal}
                    on_action={self.on_terminal.clone()}
                />
            </>
        }
    }
}

impl App {
    /// Puts another world on the board. The one that was there is kept, so that
    /// nothing is lost by looking around.
    fn show(&mut self, history: History, view: View, world: &'static ReadyMade) {
        let (history, view) = self.heartbeat.replace(history, view);
        let world = std::mem::replace(&mut self.world, world);
        self.previous = Some(Left {
            history,
            view,
            world,
        });
        self.side.close();
        self.notice = None;
        self.caption = Caption::default();
        self.terminals.clear();
        self.topics_shown.clear();
    }

    /// Time stands still, at another instant.
    fn go(&mut self, to: impl FnOnce(&mut History)) {
        self.heartbeat.set_playing(false);
        self.heartbeat.with_history_mut(to);
        self.caption = Caption::default();
        self.side.look_anew();
        self.topics_shown.clear();
    }

    /// Takes over what the parts of the page show.
    fn refresh(&mut self) {
        self.scene = self.heartbeat.scene();
        self.caption.take(&self.heartbeat);
        let last = std::mem::take(&mut self.terminals);
        let side = &mut self.side;
        self.heartbeat.with(|playground| side.refresh(playground));
        self.heartbeat.with_history_mut(|history| {
            let complaints = history.take_complaints();
            if let Some(last) = complaints.into_iter().next_back() {
                self.notice = Some(last);
            }
            let playground = history.present();
            let same = |id| last.iter().find(|snapshot| snapshot.id == id);
            let terminals = playground.shell().terminals();
            self.terminals = terminals
                .map(|terminal| TerminalSnapshot::of(terminal, same(terminal.id())))
                .collect();
            let lines = playground.news().lines();
            if lines.len() != self.log.len() || lines.last() != self.log.last() {
                self.log = playground.news().lines().cloned().collect();
            }
        });
        if !self
            .terminals
            .iter()
            .any(|terminal| terminal.id == self.active_terminal)
        {
            self.active_terminal = self.terminals[0].id;
        }
    }

    /// A topic that was just made may lie below what the window shows.
    fn show_new_topic(&mut self) {
        let topics = self.topics();
        let is_new = |topic: &&String| !self.topics_shown.contains(topic);
        if let Some(topic) = topics.iter().find(is_new) {
            // Topic names need no escaping: letters, digits, '.', '_' and '-'.
            let card = gloo::utils::document().query_selector(&format!("[data-topic='{topic}']"));
            let Some(card) = card.ok().flatten() else {
                // Not drawn yet: with the next refresh.
                return;
            };
            if !self.topics_shown.is_empty() {
                let nearest = ScrollIntoViewOptions::new();
                nearest.set_block(ScrollLogicalPosition::Nearest);
                card.scroll_into_view_with_scroll_into_view_options(&nearest);
            }
        }
        self.topics_shown = topics;
    }

    fn submit<T>(
        &mut self,
        request: Result<T, String>,
        carry_out: impl FnOnce(&mut Playground, T) -> Result<(), String>,
    ) {
        let done = request.and_then(|request| {
            self.heartbeat
                .act(|playground| carry_out(playground, request))
        });
        self.sent += u32::from(done.is_ok());
        self.finish(done);
    }

    /// Shows what was refused, or forgotten. While time stands still, the
    /// answers to what was asked of the cluster are waited for.
    fn finish(&mut self, done: Result<(), String>) {
        let parted = self.heartbeat.with_history_mut(History::take_parted);
        let parted = parted.map(|parted| parted.sentence());
        self.notice = done.err().or(parted);
        if !self.heartbeat.is_playing() {
            self.heartbeat.with_history_mut(History::let_calls_finish);
        }
    }

    fn on_terminal(&mut self, action: TerminalAction) {
        let active = self.active_terminal;
        let used = match action {
            TerminalAction::Select(id) => {
                self.active_terminal = id;
                return;
            }
            TerminalAction::Enter(id, line) => self.enter(id, &line),
            TerminalAction::Interrupt(id) => self.heartbeat.act(|playground| {
                playground.interrupt(id);
                Ok(id)
            }),
            TerminalAction::EndOfInput(id) => self.heartbeat.act(|playground| {
                playground.end_of_input(id);
                Ok(id)
            }),
            TerminalAction::Open => self.heartbeat.act(Playground::open_terminal),
            TerminalAction::Close(id) => self.heartbeat.act(|playground| {
                playground.close_terminal(id);
                Ok(active)
            }),
        };
        if let Ok(used) = used {
            self.active_terminal = used;
        }
        self.finish(used.map(|_| ()));
    }

    /// Runs a line in a terminal; tells in which one the next line is typed.
    fn enter(&mut self, id: TerminalId, line: &str) -> Result<TerminalId, String> {
        let deed = |playground: &mut Playground| Ok(playground.enter(id, line));
        let used = self.heartbeat.act(deed)?;
        if !self.heartbeat.is_playing() {
            self.heartbeat.with_history_mut(History::let_calls_finish);
        }
        // Lines go on to a tool that asks for them.
        let moves = self.heartbeat.with(|playground| {
            let terminal = playground.shell().terminal(used);
            let tool = terminal.and_then(|terminal| terminal.foreground());
            tool.is_some_and(|tool| tool.reads_input)
        });
        Ok(if moves { used } else { id })
    }

    fn on_board(&mut self, action: BoardAction) {
        let done = match action {
            BoardAction::Inspect(subject) => {
                self.side.open(Panel::Inspector(subject));
                Ok(())
            }
            BoardAction::Look(change) => {
                self.heartbeat.look(change);
                return;
            }
            BoardAction::AddPartition { topic } => self
                .heartbeat
                .act(|playground| playground.add_partition(&topic)),
            BoardAction::DeleteTopic { topic } => self
                .heartbeat
                .act(|playground| playground.delete_topic(&topic)),
            BoardAction::SendRecord { producer } => {
                self.side.open(Panel::SendRecord(Some(producer)));
                Ok(())
            }
            BoardAction::AddConsumer { group, topics } => match topics.is_empty() {
                false => {
                    let names: Vec<&str> = topics.iter().map(|topic| &**topic).collect();
                    let start = |playground: &mut Playground| playground.add_member(&group, &names);
                    self.heartbeat.act(start).map(|_| ())
                }
                true => {
                    self.side.open(Panel::AddConsumer(Some(group)));
                    Ok(())
                }
            },
            BoardAction::ToggleWorkload { producer } => self
                .heartbeat
                .act(|playground| playground.toggle_workload(producer)),
            BoardAction::ToggleConnector { connector, resumes } => self.execute(match resumes {
                true => Command::ResumeConnector { connector },
                false => Command::PauseConnector { connector },
            }),
            BoardAction::RestartConnector { connector } => {
                self.execute(Command::RestartConnector { connector })
            }
            BoardAction::Close { client } => self.execute(Command::Close { client }),
            BoardAction::Crash { client } => self.execute(Command::Crash { client }),
        };
        self.finish(done);
    }

    fn execute(&mut self, command: Command) -> Result<(), String> {
        self.heartbeat
            .act(|playground| playground.execute(command))
            .map(|_| ())
    }

    fn view_time(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let can_go_back = |history: &History| history.position() > history.earliest();
        html! {
            <TimeControls
                playing={self.heartbeat.is_playing()}
                can_go_back={self.heartbeat.with_history(can_go_back)}
                speed_exponent={self.heartbeat.speed_exponent()}
                on_toggle={link.callback(|()| Msg::TogglePlay)}
                on_step_back={link.callback(|()| Msg::StepBack)}
                on_step={link.callback(|()| Msg::Step)}
                on_speed={link.callback(Msg::Speed)}
            />
        }
    }

    fn view_timeline(&self, ctx: &Context<Self>) -> Html {
        self.heartbeat.with_history(|history| {
            html! {
                <TimelineSlider
                    earliest={history.earliest().at}
                    now={history.position().at}
                    latest={history.latest().at}
                    is_in_past={history.is_in_past()}
                    marks={history.marks()}
                    on_scrub={ctx.link().callback(Msg::Scrub)}
                />
            }
        })
    }

    fn view_toolbar(&self, ctx: &Context<Self>) -> Html {
        let panels = [
            ("Worlds", Panel::Gallery),
            ("Add producer", Panel::AddProducer),
            ("Add consumer", Panel::AddConsumer(None)),
            ("Add connector", Panel::AddConnector),
            ("Send record", Panel::SendRecord(None)),
            ("New topic", Panel::NewTopic),
            ("Search", Panel::Search),
            ("Metrics", Panel::Metrics),
            ("Event log", Panel::EventLog),
            ("Help", Panel::Help),
        ];
        let theme = format!("Theme: {}", self.theme.name());
        let present = self.on_present.reform(|_: MouseEvent| ());
        let next_theme = ctx.link().callback(|_: MouseEvent| Msg::NextTheme);
        html! {
            <nav class="toolbar" aria-label="Tools">
                { for panels.into_iter().map(|(name, panel)| {
                    let open = self.side.panel() == Some(&panel);
                    let onclick = ctx.link().callback(move |_: MouseEvent| Msg::Open(panel.clone()));
                    html! { <button key={name} type="button" {onclick} aria-expanded={open.to_string()}>{ name }</button> }
                }) }
                <button key="theme" type="button" onclick={next_theme}>{ theme }</button>
                <button key="present" type="button" onclick={present}>{ "Present" }</button>
            </nav>
        }
    }

    fn view_notice(&self, ctx: &Context<Self>) -> Html {
        let dismiss = ctx.link().callback(|_: MouseEvent| Msg::DismissNotice);
        html! {
            <div role="alert" class="notice-area">
                if let Some(notice) = &self.notice {
                    <div class="notice">
                        <span>{ notice }</span>
                        <button type="button" onclick={dismiss} aria-label="Dismiss">{ "×" }</button>
                    </div>
                }
            </div>
        }
    }

    fn topics(&self) -> Vec<String> {
        self.heartbeat.with(|playground| {
            let topics = playground.world().user_topics();
            topics.map(|(name, _)| name.to_string()).collect()
        })
    }

    fn groups(&self) -> Vec<String> {
        self.heartbeat
            .with(|playground| group_ids(playground.world()).into_iter().collect())
    }

    /// What a consumer of this group is, when nobody has said it yet.
    fn reader_kind(&self, group: Option<&String>) -> ReaderKind {
        let of_group = |group: &String| {
            self.heartbeat
                .with(|playground| ReaderKind::of_group(playground.world(), group))
        };
        group.and_then(of_group).unwrap_or(ReaderKind::Classic)
    }

    fn producers(&self) -> Vec<(u32, String)> {
        self.heartbeat.with(|playground| {
            let clients = playground.world().clients().iter();
            clients
                .filter(|(_, client)| matches!(client, Client::Producer(_)))
                .map(|(number, client)| (*number, client.client_id().to_owned()))
                .collect()
        })
    }
}

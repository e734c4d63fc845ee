use shell::{Line, LineKind, TerminalId};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

use super::TerminalSnapshot;

/// How many lines typed before can be called back.
const HISTORY_MAX: usize = 200;

/// What a person does at a terminal.
#[derive(Clone, Debug, PartialEq)]
pub enum TerminalAction {
    /// A line was entered.
    Enter(TerminalId, String),
    /// Ctrl+C.
    Interrupt(TerminalId),
    /// Ctrl+D.
    EndOfInput(TerminalId),
    /// Another terminal is wanted.
    Open,
    /// This one is not wanted any more.
    Close(TerminalId),
    /// Lines are to go to this one from now on.
    Select(TerminalId),
}

/// What [`TerminalPanel`] shows and whom it tells.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The terminals that are open.
    pub terminals: Vec<TerminalSnapshot>,
    /// The one that lines go to.
    pub active: TerminalId,
    /// A person does something.
    pub on_action: Callback<TerminalAction>,
}

/// What happens at the command line itself.
pub enum Msg {
    /// A key was pressed.
    Key(KeyboardEvent),
    /// Text was pasted.
    Paste(Event),
    /// A button beside it was pressed.
    Act(TerminalAction),
}

/// The terminals side by side, with one command line for the active one.
pub struct TerminalPanel {
    input: NodeRef,
    output: NodeRef,
    history: Vec<String>,
    /// The place in the history that is shown; its length when none is.
    recalled: usize,
    /// Lines have come since the screens were last scrolled to their end.
    has_grown: bool,
}

impl Component for TerminalPanel {
    type Message = Msg;
    type Properties = Props;

    fn create(_ctx: &Context<Self>) -> Self {
        TerminalPanel {
            input: NodeRef::default(),
            output: NodeRef::default(),
            history: Vec::new(),
            recalled: 0,
            has_grown: true,
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Key(event) => self.on_key(ctx, &event),
            Msg::Paste(event) => self.on_paste(ctx, &event),
            Msg::Act(action) => {
                ctx.props().on_action.emit(action);
                self.focus();
            }
        }
        false
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &Props) -> bool {
        let ends = |props: &Props| -> Vec<u64> {
            let terminals = props.terminals.iter();
            terminals
                .map(|terminal| terminal.first_line + terminal.lines.len() as u64)
                .collect()
        };
        self.has_grown |= ends(ctx.props()) != ends(old);
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let open = press(ctx, TerminalAction::Open);
        html! {
            <section class="terminal" aria-label="Terminal">
                <div class="terminal-screens" role="log" aria-label="Terminal output" ref={self.output.clone()}>
                    { for props.terminals.iter().map(|terminal| screen(ctx, terminal)) }
                </div>
                <div class="command-line">
                    { self.view_input(ctx) }
                    <button type="button" onclick={open} title="Open another terminal beside this one">{ "+ Terminal" }</button>
                </div>
            </section>
        }
    }

    fn rendered(&mut self, _ctx: &Context<Self>, _first: bool) {
        let (Some(output), true) = (self.output.cast::<HtmlElement>(), self.has_grown) else {
            return;
        };
        self.has_grown = false;
        let screens = output.children();
        for index in 0..screens.length() {
            if let Some(screen) = screens
                .item(index)
                .and_then(|screen| screen.last_element_child())
            {
                screen.set_scroll_top(screen.scroll_height());
            }
        }
    }
}

impl TerminalPanel {
    fn focus(&self) {
        if let Some(input) = self.input.cast::<HtmlInputElement>() {
            // Where the browser will not move it, it stays where it was.
            let _ = input.focus();
        }
    }

    fn view_input(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let active = active(props);
        let prompt = active
            .map(|terminal| terminal.prompt.clone())
            .unwrap_or_default();
        let held = active.and_then(|terminal| terminal.foreground.as_ref());
        let placeholder = match held {
            Some(tool) if tool.reads_input => {
                format!("a line for {}; Ctrl+D ends its input", tool.name)
            }
            Some(tool) => format!("{} runs; Ctrl+C stops it", tool.name),
            None => "kafka-topics.sh --bootstrap-server localhost:9092 --list, or help".to_owned(),
        };
        let stop = held.map(|tool| {
            let stop = press(ctx, TerminalAction::Interrupt(props.active));
            html! {
                <button type="button" class="danger" onclick={stop} aria-label={format!("Stop {}", tool.name)}>{ "Ctrl+C" }</button>
            }
        });
        html! {
            <>
                <label class="prompt" for="command-line">{ prompt }</label>
                <input
                    id="command-line"
                    ref={self.input.clone()}
                    type="text"
                    aria-label="Kafka command line"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    {placeholder}
                    onkeydown={ctx.link().callback(Msg::Key)}
                    onpaste={ctx.link().callback(Msg::Paste)}
                />
                // In a place of its own: were it the last of several siblings, Yew
                // would build the field anew, and lose what is typed, each
                // time a tool starts or ends.
                <span class="stop">{ stop }</span>
            </>
        }
    }

    fn on_key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) {
        let Some(input) = self.input.cast::<HtmlInputElement>() else {
            return;
        };
        let id = ctx.props().active;
        match event.key().as_str() {
            "Enter" if !event.is_composing() => {
                event.prevent_default();
                let line = input.value();
                input.set_value("");
                self.enter(ctx, line);
            }
            "ArrowUp" => {
                event.prevent_default();
                self.recall(&input, self.recalled.saturating_sub(1));
            }
            "ArrowDown" => {
                event.prevent_default();
                self.recall(&input, self.recalled + 1);
            }
            "c" if event.ctrl_key() && input.selection_start() == input.selection_end() => {
                event.prevent_default();
                input.set_value("");
                ctx.props().on_action.emit(TerminalAction::Interrupt(id));
            }
            "d" if event.ctrl_key() && input.value().is_empty() => {
                event.prevent_default();
                ctx.props().on_action.emit(TerminalAction::EndOfInput(id));
            }
            _ => {}
        }
    }

    /// A paste of several lines is run line by line; one line is left for the
    /// person to look at first.
    fn on_paste(&mut self, ctx: &Context<Self>, event: &Event) {
        let Some(event) = event.dyn_ref::<web_sys::ClipboardEvent>() else {
            return;
        };
        let text = event
            .clipboard_data()
            .and_then(|data| data.get_data("text").ok())
            .unwrap_or_default();
        if text.trim_end().lines().count() > 1 {
            event.prevent_default();
            self.enter(ctx, text.trim_end().to_owned());
        }
    }

    fn enter(&mut self, ctx: &Context<Self>, line: String) {
        if !line.trim().is_empty() && self.history.last() != Some(&line) {
            if self.history.len() == HISTORY_MAX {
                self.history.remove(0);
            }
            self.history.push(line.clone());
        }
        self.recalled = self.history.len();
        let id = ctx.props().active;
        ctx.props().on_action.emit(TerminalAction::Enter(id, line));
    }

    fn recall(&mut self, input: &HtmlInputElement, place: usize) {
        self.recalled = place.min(self.history.len());
        let line = self.history.get(self.recalled).map_or("", String::as_str);
        input.set_value(line);
    }
}

fn active(props: &Props) -> Option<&TerminalSnapshot> {
    props
        .terminals
        .iter()
        .find(|terminal| terminal.id == props.active)
}

/// A press on a button: the action, and then the command line has the focus.
fn press(ctx: &Context<TerminalPanel>, action: TerminalAction) -> Callback<MouseEvent> {
    ctx.link()
        .callback(move |_: MouseEvent| Msg::Act(action.clone()))
}

fn screen(ctx: &Context<TerminalPanel>, terminal: &TerminalSnapshot) -> Html {
    let props = ctx.props();
    let id = terminal.id;
    let several = props.terminals.len() > 1;
    let is_active = several && id == props.active;
    html! {
        <div key={id.0} class={classes!("terminal-screen", is_active.then_some("active"))}>
            if several {
                { tab(ctx, terminal) }
            }
            <div class="lines" tabindex="0">
                { for (terminal.first_line..).zip(terminal.lines.iter()).map(|(number, line)| text_line(number, line)) }
                { for waiting(terminal) }
            </div>
        </div>
    }
}

fn tab(ctx: &Context<TerminalPanel>, terminal: &TerminalSnapshot) -> Html {
    let props = ctx.props();
    let id = terminal.id;
    let select = press(ctx, TerminalAction::Select(id));
    let close = press(ctx, TerminalAction::Close(id));
    let name = format!("Terminal {}", id.0);
    let tool = terminal
        .foreground
        .as_ref()
        .map(|tool| format!(": {}", tool.name));
    html! {
        <div class="terminal-tab">
            <button type="button" onclick={select} aria-pressed={(id == props.active).to_string()}>{ &name }{ tool }</button>
            <button type="button" class="close" onclick={close} aria-label={format!("Close {name}")} title="Close">{ "×" }</button>
        </div>
    }
}

fn text_line(number: u64, line: &Line) -> Html {
    let class = match line.kind {
        LineKind::Command => "command",
        LineKind::Stdout => "stdout",
        LineKind::Stderr => "stderr",
        LineKind::Note => "note",
    };
    html! { <div key={number} class={class}>{ &line.text }</div> }
}

/// What is typed while a tool reads nothing waits for its end.
fn waiting(terminal: &TerminalSnapshot) -> Option<Html> {
    let tool = terminal.foreground.as_ref()?;
    let text = match terminal.waiting_lines {
        0 => return None,
        1 => format!("1 line waits until {} is done.", tool.name),
        lines => format!("{lines} lines wait until {} is done.", tool.name),
    };
    Some(html! { <div key="waiting" class="note">{ text }</div> })
}

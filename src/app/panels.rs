//! Panels on the page: what opens them, where the focus goes, how each is
//! drawn, and what is done from them.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};
use yew::prelude::*;

use super::side::Content;
use super::{App, Msg};
use crate::panels::inspector::{Deed, Inspector};
use crate::panels::{
    AddConnector, AddConsumer, AddProducer, Browser, EventLog, Gallery, Help, Keys, Metrics,
    NewTopic, Panel, Search, SendRecord,
};
use crate::playground::Playground;
use crate::stage::{Pointed, Subject, opened, packet_at};

impl App {
    /// What the open panel is about is to be seen beside it.
    pub(super) fn show_subject(&self) {
        let Some(Panel::Inspector(subject)) = self.side.panel() else {
            return;
        };
        let name = subject
            .to_string()
            .replace('\\', "\\\\")
            .replace('\'', "\\'");
        // Its own box rather than a row of a lane that leads to it.
        let own = format!(".board-drawing :is(.box, .member)[data-open='{name}']");
        let any = format!(".board-drawing [data-open='{name}']");
        let document = gloo::utils::document();
        let drawn = [own, any]
            .iter()
            .find_map(|it| document.query_selector(it).ok().flatten());
        if let Some(drawn) = drawn {
            let nearest = ScrollIntoViewOptions::new();
            nearest.set_block(ScrollLogicalPosition::Nearest);
            nearest.set_inline(ScrollLogicalPosition::Nearest);
            drawn.scroll_into_view_with_scroll_into_view_options(&nearest);
        }
    }

    /// Moves the focus into a panel that was opened, and back to the tools when
    /// it was closed.
    pub(super) fn move_focus(&mut self) {
        let (place, selector) = match self.side.panel() {
            // What is read begins with its heading, a form with its first field.
            Some(Panel::Inspector(_) | Panel::Browser(_) | Panel::Keys(_) | Panel::Metrics) => {
                (&self.panel_place, "h2")
            }
            Some(_) => (&self.panel_place, "input, select, [tabindex], button"),
            None => match self.side.take_focus_before() {
                Some(before) => {
                    // Where the browser will not move it, it stays where it was.
                    let _ = before.focus();
                    return;
                }
                None => (&self.header, "button"),
            },
        };
        let place = place.cast::<Element>();
        let target = place.and_then(|place| place.query_selector(selector).ok().flatten());
        if let Some(target) = target.and_then(|target| target.dyn_into::<HtmlElement>().ok()) {
            // Where the browser will not move it, it stays where it was.
            let _ = target.focus();
        }
    }

    /// Opens what somebody points at. What flies can be pointed at while it
    /// stands still.
    pub(super) fn point(&mut self, pointed: Pointed) {
        let flies = match self.heartbeat.is_playing() {
            true => None,
            false => pointed.at.and_then(|at| {
                let of_world =
                    |playground: &Playground| packet_at(playground.world(), &self.scene, at);
                self.heartbeat.with(of_world).map(Subject::Packet)
            }),
        };
        if let Some(subject) = flies.or(pointed.under) {
            self.side.open(Panel::Inspector(subject));
        }
    }

    pub(super) fn on_deed(&mut self, deed: Result<Deed, String>) {
        let done = match deed {
            Ok(Deed::Command(command)) => self.execute(*command),
            Ok(Deed::Admin(request)) => self
                .heartbeat
                .act(|playground| playground.administer(*request)),
            Ok(Deed::Board(action)) => return self.on_board(action),
            Ok(Deed::Restart(victim)) => {
                self.heartbeat.act(|playground| playground.restart(victim))
            }
            Ok(Deed::ResetOffsets {
                group,
                partitions,
                to,
            }) => self
                .heartbeat
                .act(|playground| playground.reset_offsets(&group, &partitions, to)),
            Ok(Deed::Open(panel)) => {
                self.side.open(panel);
                Ok(())
            }
            Err(sentence) => Err(sentence),
        };
        self.sent += u32::from(done.is_ok());
        self.finish(done);
    }

    pub(super) fn view_panel(&self, ctx: &Context<Self>) -> Html {
        let Some(panel) = self.side.panel() else {
            return html! {};
        };
        let link = ctx.link();
        let close = link.callback(|_: MouseEvent| Msg::ClosePanel);
        let back = link.callback(|_: MouseEvent| Msg::Back);
        // Links of a panel carry what they lead to.
        let onclick = link.batch_callback(|event: MouseEvent| opened(&event).map(Msg::Inspect));
        let class = classes!("panel", panel.is_beside().then_some("is-beside"));
        html! {
            <section {class} aria-label="Open panel" key={format!("{panel:?}")} ref={self.panel_place.clone()} {onclick}>
                { self.view_content(ctx, panel) }
                <div class="panel-corner">
                    if self.side.can_go_back() {
                        <button type="button" class="close" onclick={back} aria-label="Back to the panel before">{ "‹ Back" }</button>
                    }
                    <button type="button" class="close" onclick={close} aria-label="Close panel">{ "×" }</button>
                </div>
            </section>
        }
    }

    fn view_content(&self, ctx: &Context<Self>, panel: &Panel) -> Html {
        let link = ctx.link();
        let topics = self.topics();
        let sent = self.sent;
        match (panel, self.side.content()) {
            (Panel::AddProducer, _) => {
                html! { <AddProducer {topics} {sent} on_done={link.callback(Msg::AddProducer)} /> }
            }
            (Panel::SendRecord(producer), _) => html! {
                <SendRecord {topics} producers={self.producers()} producer={*producer} on_done={link.callback(Msg::SendRecord)} />
            },
            (Panel::AddConsumer(group), _) => {
                let groups = self.groups();
                let kind = self.reader_kind(group.as_ref().or(groups.first()));
                html! {
                    <AddConsumer {topics} {groups} group={group.clone()} {kind} {sent} on_done={link.callback(Msg::AddConsumer)} />
                }
            }
            (Panel::AddConnector, _) => {
                html! { <AddConnector {topics} {sent} on_done={link.callback(Msg::AddConnector)} /> }
            }
            (Panel::NewTopic, _) => {
                html! { <NewTopic {topics} on_done={link.callback(Msg::NewTopic)} /> }
            }
            (Panel::Gallery, _) => html! {
                <Gallery
                    current={self.world}
                    previous={self.previous.as_ref().map(|left| left.world.title)}
                    on_open={link.callback(Msg::OpenWorld)}
                    on_back={link.callback(|()| Msg::GoBack)}
                />
            },
            (Panel::EventLog, _) => html! { <EventLog lines={self.log.clone()} /> },
            (Panel::Help, _) => html! { <Help /> },
            (Panel::Inspector(_), Content::Sheet(sheet)) => {
                html! { <Inspector sheet={sheet.clone()} {sent} on_deed={self.on_deed.clone()} /> }
            }
            (Panel::Browser(topic), Content::Page(page)) => html! {
                <Browser
                    topic={topic.to_string()}
                    page={page.clone()}
                    number={self.side.page_number()}
                    filter={self.side.filter().clone()}
                    on_filter={link.callback(Msg::Filter)}
                    on_older={link.callback(Msg::Older)}
                    on_newer={link.callback(|()| Msg::Newer)}
                />
            },
            (Panel::Keys(_), Content::Keys(keys)) => {
                html! { <Keys keys={keys.clone()} on_deed={self.on_deed.clone()} /> }
            }
            (Panel::Search, Content::Hits(hits)) => html! {
                <Search text={self.side.text().to_owned()} hits={hits.clone()} on_search={link.callback(Msg::Search)} />
            },
            (Panel::Metrics, Content::Figures(figures)) => {
                html! { <Metrics figures={figures.clone()} /> }
            }
            // Taken over with the next refresh, before it is drawn.
            _ => html! {},
        }
    }
}

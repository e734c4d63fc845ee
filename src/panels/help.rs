use yew::prelude::*;

const KEYS: [(&str, &str); 11] = [
    ("Space", "play or pause"),
    ("→ or Page Down", "one step on"),
    ("← or Page Up", "one step back"),
    (".", "pause"),
    ("B", "the board by topic or by broker"),
    ("F", "show it to a room, or no longer"),
    ("/", "search"),
    ("M", "metrics: throughput, latency, lag"),
    ("← → on a lane", "go along its records; Enter opens one"),
    ("Esc", "close what is open"),
    ("?", "this list"),
];

/// The whole list, since who was handed the page as a file has nothing else.
const FIDELITY: &str = include_str!("../../docs/fidelity.md");

/// The keys, and what is true here that is not true everywhere.
#[component]
pub fn Help() -> Html {
    html! {
        <div class="help">
            <dl>
                { for KEYS.iter().map(|(key, does)| html! {
                    <div key={*key}><dt><kbd>{ *key }</kbd></dt><dd>{ *does }</dd></div>
                }) }
            </dl>
            <p>
                { "Modelled on Apache Kafka 4.0. The board begins with one broker, which is the controller too; some of the ready-made worlds have more. Packets take 120 to 150 ms here, so that they can be seen: in a data centre it is less than one. " }
                { "Clients started with the board's buttons refresh their metadata every 10 seconds instead of Kafka's 5 minutes (metadata.max.age.ms), so that new partitions are noticed while you watch; those of the command line keep Kafka's defaults. " }
            </p>
            <details>
                <summary>{ "What is exact here, and what is simplified" }</summary>
                <pre>{ FIDELITY }</pre>
            </details>
        </div>
    }
}

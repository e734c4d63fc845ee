use gloo::utils::{document_element, window};
use yew::prelude::*;

use super::qr::QrPicture;

/// Whether the page is shown to a room: what is only for whoever works at it is
/// gone, and everything left is larger (`www/page.css`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Presenting {
    is_on: bool,
    /// Somebody has asked for the QR code, which covers a part of the board; it
    /// stays so the next time.
    shows_code: bool,
}

impl Presenting {
    pub fn is_on(self) -> bool {
        self.is_on
    }

    pub fn shows_code(self) -> bool {
        self.shows_code
    }

    /// Begins to present, or ends it.
    pub fn toggled(self) -> Presenting {
        let root = document_element();
        // An attribute with a plain name is always taken.
        let _ = match self.is_on {
            true => root.remove_attribute("data-presenting"),
            false => root.set_attribute("data-presenting", ""),
        };
        let is_on = !self.is_on;
        Presenting { is_on, ..self }
    }

    /// Shows the QR code, or hides it again.
    pub fn code_toggled(self) -> Presenting {
        let shows_code = !self.shows_code;
        Presenting { shows_code, ..self }
    }
}

/// Where the room finds the same page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// There.
    Of(String),
    /// There, for this computer only.
    OfThisComputer(String),
    /// It is a file.
    None,
}

impl Address {
    /// That of the page that is open.
    pub fn current() -> Address {
        let location = window().location();
        let (href, host) = (location.href(), location.hostname());
        Address::read(&href.unwrap_or_default(), &host.unwrap_or_default())
    }

    /// What an address and its host name mean to others.
    fn read(href: &str, host: &str) -> Address {
        let is_own = host == "localhost" || host == "[::1]" || host.starts_with("127.");
        match (href.starts_with("http"), is_own) {
            (false, _) => Address::None,
            (true, true) => Address::OfThisComputer(href.to_owned()),
            (true, false) => Address::Of(href.to_owned()),
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Address::Of(address) | Address::OfThisComputer(address) => Some(address),
            Address::None => None,
        }
    }

    /// What there is to say about it.
    fn remark(&self) -> Option<&'static str> {
        match self {
            Address::Of(_) => None,
            Address::OfThisComputer(_) => Some("Only this computer can open this address."),
            Address::None => Some(
                "The page was opened as a file, which has no address for others: hand them the file, or put it on a web server.",
            ),
        }
    }
}

/// What [`PresentingBar`] is given.
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// Where the page is.
    pub address: Address,
    /// Whether the QR code is to be seen.
    pub shows_code: bool,
    /// The QR code is hidden, or shown again.
    pub on_code: Callback<()>,
    /// Nothing is presented any more.
    pub on_end: Callback<()>,
}

/// What stands beside the caption while the page is shown to a room: its
/// address, to be typed or scanned.
#[component]
pub(super) fn PresentingBar(props: &Props) -> Html {
    let address = &props.address;
    let code = address.text().map(|text| (text, QrPicture::of(text)));
    let end = props.on_end.reform(|_: MouseEvent| ());
    let toggle = props.on_code.reform(|_: MouseEvent| ());
    html! {
        <div class="presenting">
            if let Some(text) = address.text() {
                <span class="address">{ text }</span>
            }
            if let Some(remark) = address.remark() {
                <span>{ remark }</span>
            }
            if let Some((text, Some(code))) = &code {
                <button type="button" onclick={toggle}>
                    { if props.shows_code { "Hide QR code" } else { "Show QR code" } }
                </button>
                if props.shows_code {
                    { picture(code, text) }
                }
            }
            if let Some((_, None)) = &code {
                <span>{ "The address is too long for a QR code that can be scanned from afar." }</span>
            }
            <button type="button" onclick={end}>{ "End presenting (F)" }</button>
        </div>
    }
}

/// Black on white in every theme: cameras expect no other.
fn picture(code: &QrPicture, text: &str) -> Html {
    let side = code.side;
    html! {
        <svg
            class="qr-code"
            role="img"
            aria-label={format!("QR code of the page's address, {text}")}
            viewBox={format!("0 0 {side} {side}")}
            shape-rendering="crispEdges"
        >
            <rect width={side.to_string()} height={side.to_string()} fill="#fff" />
            <path d={code.path.clone()} fill="#000" />
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_can_open_what_is_neither_a_file_nor_of_this_computer() {
        let far = Address::read("https://example.org/lanes/#here", "example.org");
        assert_eq!(far.text(), Some("https://example.org/lanes/#here"));
        assert_eq!(far.remark(), None);
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            let near = Address::read(&format!("http://{host}:8080/"), host);
            assert!(near.text().is_some() && near.remark().is_some(), "{host}");
        }
        let file = Address::read("file:///home/ada/kafka-lanes.html", "");
        assert_eq!(file, Address::None);
        assert!(file.remark().is_some_and(|it| it.contains("file")));
    }
}

//! The picture of a QR code.

use std::fmt::Write;

use qrcodegen::{QrCode, QrCodeEcc};

/// How many modules are left white around it (ISO/IEC 18004).
const QUIET_ZONE: i32 = 4;

/// The longest text of which a code is made, in bytes: one of more has so many
/// modules that a camera cannot tell them apart from the back row.
const TEXT_MAX: usize = 300;

/// A QR code as SVG.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QrPicture {
    /// How wide and high it is with its quiet zone, in modules.
    pub side: i32,
    /// Its dark modules as the `d` of a path.
    pub path: String,
}

impl QrPicture {
    /// The code of a text; `None` for one that is too long.
    pub fn of(text: &str) -> Option<QrPicture> {
        if text.len() > TEXT_MAX {
            return None;
        }
        // The fewest modules; of what room they leave the correction is made
        // as strong as it can be.
        let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
        let mut path = String::new();
        for y in 0..code.size() {
            let mut x = 0;
            while x < code.size() {
                // Modules in a row are one rectangle, so that no seams show.
                let dark = (x..code.size()).take_while(|x| code.get_module(*x, y));
                let width = dark.count() as i32;
                if width > 0 {
                    let (left, top) = (x + QUIET_ZONE, y + QUIET_ZONE);
                    // Writing into a string never fails.
                    let _ = write!(path, "M{left} {top}h{width}v1h-{width}z");
                }
                x += width + 1;
            }
        }
        Some(QrPicture {
            side: code.size() + 2 * QUIET_ZONE,
            path,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_finders_within_a_quiet_zone() {
        let code = QrPicture::of("https://example.org/kafka-lanes/").expect("it is short");
        // 32 bytes are a code of version 2, of 25 modules.
        assert_eq!(code.side, 25 + 8);
        // The upper edge: a finder of seven at the left and one at the right.
        assert!(code.path.starts_with("M4 4h7v1h-7z"), "{}", code.path);
        assert!(code.path.contains("M22 4h7v1h-7z"), "{}", code.path);
        assert!(code.path.contains("M4 28h7v1h-7z"), "{}", code.path);
        let corners = code.path.split('M').skip(1);
        for corner in corners {
            let (x, rest) = corner.split_once(' ').expect("x and y");
            let (y, _) = rest.split_once('h').expect("a width");
            for place in [x, y] {
                let place: i32 = place.parse().expect("a number");
                assert!((QUIET_ZONE..code.side - QUIET_ZONE).contains(&place));
            }
        }
    }

    #[test]
    fn what_no_camera_could_read_is_no_code() {
        assert!(QrPicture::of(&"a".repeat(300)).is_some());
        assert_eq!(QrPicture::of(&"a".repeat(301)), None);
    }
}

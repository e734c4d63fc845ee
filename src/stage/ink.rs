//! Which of the theme's colours something is drawn in.

/// How many colours the theme has for keys.
pub const KEY_COLOURS: u8 = 12;
/// How many colours the theme has for groups.
pub const GROUP_COLOURS: u8 = 6;

/// The most digits that count as a key's number.
const DIGITS_MAX: usize = 6;

/// A colour of the theme (`www/theme.css`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ink {
    /// Of a key: `--key-N`.
    Key(u8),
    /// Of a record without a key: `--key-none`.
    NoKey,
    /// Of a group: `--group-N`.
    Group(u8),
    /// Of what belongs to none of them: `--muted`.
    Plain,
    /// Of an error: `--danger`.
    Danger,
}

impl Ink {
    /// The colour of a record with this key. The same key has the same colour
    /// everywhere and always, and keys that are numbered differ in colour, as
    /// many as there are colours (what is before the number is hashed as Java's
    /// strings are, over bytes).
    pub fn of_key(key: Option<&[u8]>) -> Ink {
        let Some(key) = key else {
            return Ink::NoKey;
        };
        let digits = key.iter().rev().take(DIGITS_MAX);
        let digits = digits.take_while(|byte| byte.is_ascii_digit()).count();
        let (name, number) = key.split_at(key.len() - digits);
        let number = number
            .iter()
            .fold(0_u32, |number, digit| 10 * number + u32::from(digit - b'0'));
        let hash = name.iter().fold(0_u32, |hash, byte| {
            hash.wrapping_mul(31).wrapping_add(u32::from(*byte))
        });
        Ink::Key((hash.wrapping_add(number) % u32::from(KEY_COLOURS)) as u8)
    }

    /// The colour of the group that stands at this place on the board.
    pub fn of_group(place: usize) -> Ink {
        Ink::Group((place % usize::from(GROUP_COLOURS)) as u8)
    }

    /// All colours.
    pub fn all() -> impl Iterator<Item = Ink> {
        let keys = (0..KEY_COLOURS).map(Ink::Key);
        let groups = (0..GROUP_COLOURS).map(Ink::Group);
        let others = [Ink::NoKey, Ink::Plain, Ink::Danger];
        keys.chain(groups).chain(others)
    }

    /// The CSS variable that holds it, such as `--key-3`.
    pub fn variable(self) -> &'static str {
        const KEYS: [&str; KEY_COLOURS as usize] = [
            "--key-0", "--key-1", "--key-2", "--key-3", "--key-4", "--key-5", "--key-6", "--key-7",
            "--key-8", "--key-9", "--key-10", "--key-11",
        ];
        const GROUPS: [&str; 6] = [
            "--group-0",
            "--group-1",
            "--group-2",
            "--group-3",
            "--group-4",
            "--group-5",
        ];
        match self {
            Ink::Key(number) => KEYS[usize::from(number % KEY_COLOURS)],
            Ink::NoKey => "--key-none",
            Ink::Group(number) => GROUPS[usize::from(number % GROUP_COLOURS)],
            Ink::Plain => "--muted",
            Ink::Danger => "--danger",
        }
    }
}

use engine::Time;

/// A place in a history. Time stands still while a person acts, so that an
/// instant alone does not say whether they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The instant.
    pub at: Time,
    /// How many deeds were done up to here since the world was opened.
    pub deeds: usize,
}

//! The board in words.

use super::scene::Scene;

/// The board as headings and lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Twin {
    /// Brokers, producers, topics, groups.
    pub sections: Vec<TwinSection>,
}

/// A heading and what stands under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwinSection {
    /// The heading, such as `Topics`.
    pub heading: &'static str,
    /// What stands under it.
    pub items: Vec<TwinItem>,
}

/// A sentence and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwinItem {
    /// The sentence.
    pub text: String,
    /// What belongs to it.
    pub items: Vec<TwinItem>,
}

impl Twin {
    /// The words of a scene.
    pub fn of(_scene: &Scene) -> Twin {
        Twin::default()
    }
}

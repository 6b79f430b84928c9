//! Settings as administrators see them.

/// A setting in force, as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownSetting {
    /// Its name.
    pub name: Box<str>,
    /// Its value as text, without secrets.
    pub value: Box<str>,
    /// Where the value comes from.
    pub source: Box<str>,
}

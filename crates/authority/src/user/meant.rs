//! Which account a typed name means.

use super::{User, Username};

/// The user that somebody means who types a name: the one who has exactly this name, or else the only one whose name
/// differs in nothing but case and composition.
///
/// `alike` are the users whose [folded](Username::folded) names are that of `typed`; two are enough to know, where the one of
/// exactly this name is among them.
pub fn meant(typed: &Username, alike: Vec<User>) -> Option<User> {
    let only = alike.len() == 1;
    alike.into_iter().find(|user| only || user.username == *typed)
}

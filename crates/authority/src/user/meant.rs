//! Which account a typed name means.

use super::{User, Username};

/// The user that a typed name means: the one with exactly this name, or else the only one whose name differs only in
/// case and composition.
///
/// `alike` are the users whose [folded](Username::folded) names equal that of `typed`. Two are enough, if the one with
/// exactly this name is among them.
pub fn meant(typed: &Username, alike: Vec<User>) -> Option<User> {
    let only = alike.len() == 1;
    alike.into_iter().find(|user| only || user.username == *typed)
}

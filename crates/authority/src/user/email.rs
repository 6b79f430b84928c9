//! Email addresses, as far as anything is decided about them: nobody checks yet that mail reaches the user.

/// The email address that somebody typed, without the white space around it; none where nothing else was typed.
pub fn email_of(typed: &str) -> Option<Box<str>> {
    let email = typed.trim();
    (!email.is_empty()).then(|| email.into())
}

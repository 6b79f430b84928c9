//! The form with which a browser uses a passkey.

/// What a form asks of a passkey. Only a script can ask it, so the form is hidden without one.
pub(crate) struct PasskeyForm {
    /// The options for the browser, as JSON (Web Authentication §5.1.1).
    pub(crate) options: String,
    /// Whether it is the main way on.
    pub(crate) is_main: bool,
    /// The relying party, if the page says that a passkey is unknown.
    pub(crate) unknown_at: Option<String>,
}

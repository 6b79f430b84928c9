//! What a page says of an application whose name nobody has checked.

use jeton_authority::client::{Client, Unverified};

/// What a page says of such an application.
#[derive(Debug, PartialEq)]
pub(crate) struct UnverifiedLine {
    /// What it says.
    pub(crate) sentence: &'static str,
    /// The host that the sentence ends with.
    pub(crate) host: Option<String>,
}

/// What a page says of a client; nothing where the operator added it.
pub(crate) fn unverified_line(client: &Client) -> Option<UnverifiedLine> {
    let (sentence, host) = match client.unverified()? {
        Unverified::DescribedAt(host) => {
            ("Nobody here has checked this name. The application is described at", Some(host))
        }
        Unverified::Registered { names: Some(host) } => (
            "This application registered itself, and nobody has checked its name. By its own account it belongs to",
            Some(host),
        ),
        _ => ("This application registered itself, and nobody has checked its name.", None),
    };
    Some(UnverifiedLine { sentence, host: host.map(str::to_owned) })
}

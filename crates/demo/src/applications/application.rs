//! What an application is, and what differs between the two.

use super::Link;
use super::attempt::Attempts;
use super::authority::Authority;
use super::session::Sessions;

/// What differs between the applications.
pub(super) struct Kind {
    /// Its name at the authority, and of its cookie.
    pub(super) id: &'static str,
    /// What people call it.
    pub(super) name: &'static str,
    /// What it is for, in a few words.
    pub(super) purpose: &'static str,
    /// The host of its origin. Two hosts: to a browser these are different sites.
    pub(super) host: &'static str,
    /// Whether it goes without a secret, protected by PKCE alone.
    pub(super) public: bool,
    /// Whether its tokens are bound to a key of its own (RFC 9449).
    pub(super) bound: bool,
    /// What only somebody who is signed in gets to see.
    pub(super) list: &'static str,
    /// The lines of that.
    pub(super) items: &'static [(&'static str, &'static str)],
}

/// The two applications.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        id: "reading-room",
        name: "The Reading Room",
        purpose: "A library that knows what you have borrowed",
        host: "127.0.0.1",
        public: false,
        bound: false,
        list: "What you have borrowed",
        items: &[("The Moonstone", "due on Friday"), ("A Room of One’s Own", "due in two weeks")],
    },
    Kind {
        id: "tea-shop",
        name: "The Tea Shop",
        purpose: "A shop that knows what you have ordered",
        host: "localhost",
        public: true,
        bound: true,
        list: "What you have ordered",
        items: &[("Darjeeling, second flush", "100 g"), ("Lapsang Souchong", "50 g")],
    },
];

/// A running application.
pub(super) struct Application {
    pub(super) kind: &'static Kind,
    /// Its own address, without a slash at the end.
    pub(super) origin: String,
    /// The other application.
    pub(super) other: Link,
    pub(super) authority: Authority,
    pub(super) attempts: Attempts,
    pub(super) sessions: Sessions,
}

impl Application {
    pub(super) fn new(kind: &'static Kind, origin: String, other: Link, authority: Authority) -> Self {
        let (attempts, sessions) = (Attempts::new(kind.id), Sessions::new(kind.id));
        Self { kind, origin, other, authority, attempts, sessions }
    }

    /// Where codes are sent.
    pub(super) fn redirect_uri(&self) -> String {
        format!("{}/callback", self.origin)
    }

    /// Where browsers come back to after signing out.
    pub(super) fn post_logout_redirect_uri(&self) -> String {
        format!("{}/signed-out", self.origin)
    }
}

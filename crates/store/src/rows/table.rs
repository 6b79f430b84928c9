//! Which tables and columns a database consists of.

/// A table whose rows are carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    /// How many of the first columns identify a row. Rows are carried in their order.
    pub(crate) key: usize,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// What a column contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    Flag,
    Text,
    Bytes,
    /// Sixteen bytes.
    Id,
    /// The identifier of a user, in place of which a backend may store a shorter reference.
    User,
    /// The identifier of a grant, in the table of grants.
    Grant,
}

impl Kind {
    const ALL: [Self; 7] =
        [Self::Integer, Self::Flag, Self::Text, Self::Bytes, Self::Id, Self::User, Self::Grant];

    /// Its name in the header of a backup.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Flag => "flag",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Id => "id",
            Self::User => "user",
            Self::Grant => "grant",
        }
    }

    /// The kind with this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl Table {
    /// The columns that identify a row.
    pub(crate) fn key_columns(&self) -> &[Column] {
        &self.columns[..self.key]
    }
}

/// Tables that are not carried: what a new database has of its own. The name of the history is among them: who followed the revocation
/// feed of the other database begins again; the nodes of the other database are not those of this one; and servers say what mail they
/// want when they start.
#[cfg(test)]
pub(crate) const LEFT_OUT: [&str; 8] =
    ["history", "jeton", "mail_notices", "marks", "migrations", "name_locks", "nodes", "probe"];

/// The tables of a database with the schema that this program works with, in the order in which rows are carried: what says which master
/// key is meant comes first, and users before what belongs to them.
pub(crate) fn tables() -> Vec<Table> {
    let table = |(name, key, columns): &Listed| Table {
        name: (*name).to_owned(),
        key: *key,
        columns: columns
            .iter()
            .map(|(name, kind)| Column { name: (*name).to_owned(), kind: *kind })
            .collect(),
    };
    TABLES.iter().map(table).collect()
}

use Kind::{Bytes, Flag, Grant, Id, Integer, Text, User};

/// A table as it is listed: its name, how many columns are its key, its columns.
type Listed = (&'static str, usize, &'static [(&'static str, Kind)]);

const TABLES: &[Listed] = &[
    ("master_key_check", 1, &[("value", Text)]),
    (
        "keys",
        1,
        &[
            ("position", Integer),
            ("id", Text),
            ("purpose", Text),
            ("algorithm", Text),
            ("sealed", Text),
            ("created_at", Integer),
            ("signs_from", Integer),
            ("withdrawn_at", Integer),
        ],
    ),
    (
        "users",
        1,
        &[
            ("id", Id),
            ("username", Text),
            ("imported_key", Text),
            ("email", Text),
            ("password", Text),
            ("epoch", Integer),
            ("disabled", Flag),
            ("admin", Flag),
            ("created_at", Integer),
            ("attributes", Text),
            ("last_import", Text),
            ("removed_at", Integer),
            ("removed_key", Text),
            ("folded", Text),
            ("factors", Text),
            ("role", Text),
        ],
    ),
    (
        "clients",
        1,
        &[
            ("id", Text),
            ("document", Text),
            ("secret", Text),
            ("backchannel_logout", Flag),
            ("created_at", Integer),
        ],
    ),
    ("removed_clients", 1, &[("id", Text), ("removed_at", Integer)]),
    ("token_api_clients", 1, &[("id", Text)]),
    (
        "consents",
        2,
        &[
            ("user", User),
            ("client", Text),
            ("scope", Text),
            ("given_at", Integer),
            ("details", Text),
            ("resources", Text),
            ("appearance", Text),
        ],
    ),
    ("leaving_users", 1, &[("user", User), ("removal_at", Integer)]),
    ("authenticators", 1, &[("user", User), ("document", Text)]),
    ("known_networks", 2, &[("user", User), ("network", Bytes), ("seen_at", Integer)]),
    (
        "sessions",
        1,
        &[
            ("id", Id),
            ("secret", Bytes),
            ("user", User),
            ("epoch", Integer),
            ("methods", Text),
            ("network", Bytes),
            ("authenticated_at", Integer),
            ("last_used_at", Integer),
            ("expires_at", Integer),
            ("ended_at", Integer),
            ("replaced_by", Id),
            ("seen", Flag),
            ("device", Text),
        ],
    ),
    ("session_clients", 2, &[("session", Id), ("client", Text), ("sid", Id)]),
    (
        "grants",
        1,
        &[
            ("id", Grant),
            ("user", User),
            ("client", Text),
            ("scope", Text),
            ("generation", Integer),
            ("minted_at", Integer),
            ("grace_from", Integer),
            ("network", Bytes),
            ("excuses", Integer),
            ("clean", Integer),
            ("expires_at", Integer),
            ("revoked_at", Integer),
            ("session", Id),
            ("detail", Text),
            ("excused", Flag),
            ("opened_at", Integer),
            ("sid", Id),
        ],
    ),
    (
        "one_time",
        2,
        &[
            ("hash", Bytes),
            ("kind", Text),
            ("expires_at", Integer),
            ("redeemed_at", Integer),
            ("grant_id", Id),
            ("content", Text),
        ],
    ),
    (
        "devices",
        1,
        &[
            ("device_code", Bytes),
            ("user_code", Text),
            ("client", Text),
            ("scope", Text),
            ("content", Text),
            ("interval", Integer),
            ("expires_at", Integer),
            ("last_polled_at", Integer),
            ("decided", Flag),
            ("approved", Text),
            ("grant_id", Id),
            ("redeemed_at", Integer),
            ("allowed", Flag),
            ("decided_by", Id),
        ],
    ),
    (
        "logouts",
        1,
        &[
            ("number", Integer),
            ("client", Text),
            ("sid", Id),
            ("user", User),
            ("attempts", Integer),
            ("due_at", Integer),
            ("claimed_until", Integer),
        ],
    ),
    (
        "mails",
        1,
        &[
            ("id", Id),
            ("user_id", Id),
            ("kind", Text),
            ("recipient", Text),
            ("facts", Text),
            ("sealed", Text),
            ("queued_at", Integer),
            ("expires_at", Integer),
            ("due_at", Integer),
            ("attempts", Integer),
            ("claimed_until", Integer),
            ("settled_at", Integer),
            ("problem", Text),
        ],
    ),
    (
        "password_resets",
        1,
        &[
            ("id", Bytes),
            ("user_id", Id),
            ("mail", Id),
            ("content", Text),
            ("asked_at", Integer),
            ("sent_at", Integer),
            ("expires_at", Integer),
        ],
    ),
    (
        "status_indexes",
        1,
        &[
            ("number", Integer),
            ("grant_id", Bytes),
            ("client", Bytes),
            ("jti", Bytes),
            ("issued_at", Integer),
            ("free_at", Integer),
        ],
    ),
    ("revocations", 3, &[("at", Integer), ("kind", Text), ("subject", Bytes)]),
    (
        "audit",
        1,
        &[
            ("number", Integer),
            ("at", Integer),
            ("event", Text),
            ("user_id", Id),
            ("grant_id", Id),
            ("network", Bytes),
            ("key_id", Text),
            ("actor", Integer),
            ("actor_id", Bytes),
            ("client", Text),
            ("session_id", Id),
            ("segment", Id),
            ("position", Integer),
            ("hash", Bytes),
            ("changes", Text),
        ],
    ),
    ("audit_of_users", 2, &[("user_id", Id), ("number", Integer)]),
    (
        "audit_segments",
        1,
        &[
            ("id", Id),
            ("opened_at", Integer),
            ("follows", Bytes),
            ("followed", Flag),
            ("first", Integer),
            ("before_first", Bytes),
            ("next", Integer),
            ("head", Bytes),
        ],
    ),
];

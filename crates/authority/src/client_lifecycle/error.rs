//! Why a client was not added, changed or removed.

use jeton_oauth::client::ClientId;

use crate::client::ClientError;
use crate::display_text::DisplayNameError;
use crate::keyring::KeyChangeError;
use crate::store::StoreError;

/// Whose members are spoken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembersOf {
    /// What the client says of itself (RFC 7591 §2).
    Metadata,
    /// What the operator decides about it.
    Policy,
}

/// Why a description cannot be that of a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DescriptionError {
    /// Nothing reads the member.
    #[error("unknown member `{within}{name}`: it is one of {}", .known.join(", "))]
    UnknownMember {
        /// Whose it is.
        of: MembersOf,
        /// The members that it lies in, with a dot after each.
        within: &'static str,
        /// Its name.
        name: Box<str>,
        /// What there is.
        known: &'static [&'static str],
    },
    /// A member is of the wrong type, or has a value that is not supported.
    #[error("{reason}")]
    Unreadable {
        /// Whose it is.
        of: MembersOf,
        /// What is wrong with it.
        reason: Box<str>,
    },
    /// It gives the client a name that cannot be shown.
    #[error(transparent)]
    Name(#[from] DisplayNameError),
}

/// A client does not belong to the sector that it names, or nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct NotOfSector {
    /// The stable name of the error.
    pub code: &'static str,
    /// Why.
    pub reason: Box<str>,
}

/// Why a client was not added, changed or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientAdminError {
    /// There is no such client.
    #[error("there is no client {0}")]
    Unknown(ClientId),
    /// Another client has the identifier.
    #[error("client {0} already exists")]
    Exists(ClientId),
    /// The client was changed since the version that the change was made for.
    #[error("the client was changed meanwhile")]
    Outdated,
    /// The token API's own client has the identifier.
    #[error("{0} is the client identifier of the token API (client_id): choose another")]
    Reserved(ClientId),
    /// The description cannot be read.
    #[error(transparent)]
    Description(#[from] DescriptionError),
    /// The description is not that of a client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The client does not belong to the sector that it names.
    #[error(transparent)]
    Sector(#[from] NotOfSector),
    /// No key could be made for what is signed for the client.
    #[error(transparent)]
    Keys(#[from] KeyChangeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DescriptionError {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownMember { .. } | Self::Name(_) => "client_metadata_member",
            Self::Unreadable { .. } => "client_metadata_unreadable",
        }
    }
}

impl ClientAdminError {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "client_unknown",
            Self::Exists(_) => "client_exists",
            Self::Outdated => "outdated",
            Self::Reserved(_) => "client_id_reserved",
            Self::Description(error) => error.code(),
            Self::Client(error) => error.code(),
            Self::Sector(error) => error.code,
            Self::Keys(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}

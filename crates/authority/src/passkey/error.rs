//! Why a passkey is refused.

/// Why what a browser brought back is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasskeyError {
    /// It is not the JSON of Web Authentication §5.1: the member is missing, or of the wrong kind.
    #[error("the browser's answer cannot be read: {member}: {cause}")]
    Unreadable {
        /// The member, as a path.
        member: Box<str>,
        /// What is wrong with it.
        cause: Box<str>,
    },
    /// A part of it that the authenticator made is malformed.
    #[error("{part} is malformed: {cause}")]
    Malformed {
        /// The part.
        part: &'static str,
        /// What is wrong with it.
        cause: &'static str,
    },
    /// It answers something else.
    #[error("the browser's answer is of type {found}, not {wanted}")]
    Type {
        /// The type found.
        found: Box<str>,
        /// The type wanted.
        wanted: &'static str,
    },
    /// It answers another challenge.
    #[error("the browser answered another challenge")]
    Challenge,
    /// The page was not of the authority.
    #[error("the page was at {found}, but the issuer's pages are at {wanted}")]
    Origin {
        /// The origin that the browser saw.
        found: Box<str>,
        /// The origin of the issuer.
        wanted: Box<str>,
    },
    /// The page was framed by another origin.
    #[error("the page was in a frame of another origin")]
    Framed,
    /// The passkey is for another host.
    #[error("the passkey is for another host than {wanted}")]
    RelyingParty {
        /// The host of the issuer.
        wanted: Box<str>,
    },
    /// Nobody touched the authenticator.
    #[error("the authenticator does not say that somebody was there")]
    NobodyPresent,
    /// The authenticator did not verify its user, by a PIN or biometrically, and nothing else did.
    #[error("the authenticator did not verify who uses it")]
    NobodyVerified,
    /// The key is of a kind that was not asked for.
    #[error("the authenticator made a key of a kind that was not asked for: {found}")]
    Algorithm {
        /// The kind: its COSE algorithm, or what is wrong with it.
        found: Box<str>,
    },
    /// The signature is not of the passkey.
    #[error("the signature does not match the passkey")]
    Signature,
    /// The user has no such passkey.
    #[error("there is no such passkey")]
    Unknown,
    /// The stored key cannot be read.
    #[error("the stored key of the passkey cannot be read")]
    Stored,
}

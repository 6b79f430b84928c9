//! What a record of the audit trail tells of.

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuditEvent {
    /// A user was added.
    UserAdded,
    /// A user was disabled; every grant of theirs ended.
    UserDisabled,
    /// A disabled user was enabled.
    UserEnabled,
    /// The name, the address or the role of a user was changed.
    UserChanged,
    /// A user was removed; every grant of theirs ended.
    UserRemoved,
    /// A password was changed; the user's other grants ended.
    PasswordChanged,
    /// A lost response was excused.
    RefreshExcused,
    /// A refresh token was ahead of the store, which must have gone back in time.
    RefreshCaughtUp,
    /// A spent refresh token was replayed; the grant ended.
    RefreshReplayed,
    /// A grant was signed out.
    GrantRevoked,
    /// All grants of a user were signed out.
    UserGrantsRevoked,
    /// A key was added.
    KeyAdded,
    /// A key was withdrawn.
    KeyWithdrawn,
    /// A client was added.
    ClientAdded,
    /// The description of a client was changed.
    ClientChanged,
    /// A client was removed; its grants ended.
    ClientRemoved,
    /// An authorization code or a device code was used twice; the grant that it gave ended.
    CodeReplayed,
    /// A browser's session ended, and the grants that came from it.
    SessionEnded,
    /// The attributes of a user were changed.
    AttributesChanged,
    /// A user signed in, at a browser or with the token API, or a trusted issuer vouched for them.
    SignedIn,
    /// Sign-ins of an account, or of a network, began to be throttled. At most a few an hour are recorded for a network.
    SignInThrottled,
    /// A network guessed the secret of a client until it was throttled. Recorded as seldom as [`Self::SignInThrottled`].
    ClientThrottled,
    /// A user allowed a client what it asked for.
    ConsentGiven,
    /// A client was given an authorization code for a user.
    CodeGranted,
    /// A user allowed a device to act for them.
    DeviceApproved,
    /// A user refused a device.
    DeviceDenied,
    /// A client exchanged a token of a user for another. The same exchange is recorded once an hour.
    TokenExchanged,
}

impl AuditEvent {
    /// Every event, so that a stored name can be read back.
    pub const ALL: [Self; 27] = [
        Self::UserAdded,
        Self::UserDisabled,
        Self::UserEnabled,
        Self::UserChanged,
        Self::UserRemoved,
        Self::PasswordChanged,
        Self::RefreshExcused,
        Self::RefreshCaughtUp,
        Self::RefreshReplayed,
        Self::GrantRevoked,
        Self::UserGrantsRevoked,
        Self::KeyAdded,
        Self::KeyWithdrawn,
        Self::ClientAdded,
        Self::ClientChanged,
        Self::ClientRemoved,
        Self::CodeReplayed,
        Self::SessionEnded,
        Self::AttributesChanged,
        Self::SignedIn,
        Self::SignInThrottled,
        Self::ClientThrottled,
        Self::ConsentGiven,
        Self::CodeGranted,
        Self::DeviceApproved,
        Self::DeviceDenied,
        Self::TokenExchanged,
    ];

    /// Its stable name, which is also what the store keeps.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserAdded => "user_added",
            Self::UserDisabled => "user_disabled",
            Self::UserEnabled => "user_enabled",
            Self::UserChanged => "user_changed",
            Self::UserRemoved => "user_removed",
            Self::PasswordChanged => "password_changed",
            Self::RefreshExcused => "refresh_excused",
            Self::RefreshCaughtUp => "refresh_caught_up",
            Self::RefreshReplayed => "refresh_replayed",
            Self::GrantRevoked => "grant_revoked",
            Self::UserGrantsRevoked => "user_grants_revoked",
            Self::KeyAdded => "key_added",
            Self::KeyWithdrawn => "key_withdrawn",
            Self::ClientAdded => "client_added",
            Self::ClientChanged => "client_changed",
            Self::ClientRemoved => "client_removed",
            Self::CodeReplayed => "code_replayed",
            Self::SessionEnded => "session_ended",
            Self::AttributesChanged => "attributes_changed",
            Self::SignedIn => "signed_in",
            Self::SignInThrottled => "sign_in_throttled",
            Self::ClientThrottled => "client_throttled",
            Self::ConsentGiven => "consent_given",
            Self::CodeGranted => "code_granted",
            Self::DeviceApproved => "device_approved",
            Self::DeviceDenied => "device_denied",
            Self::TokenExchanged => "token_exchanged",
        }
    }

    /// The event of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == name)
    }
}

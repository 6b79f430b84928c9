//! The events of the audit trail.

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuditEvent {
    /// A user was added.
    UserAdded,
    /// A user was disabled; all the user's grants ended.
    UserDisabled,
    /// A disabled user was enabled.
    UserEnabled,
    /// The name or email address of a user was changed, or an import changed the role.
    UserChanged,
    /// A user was given another role.
    RoleChanged,
    /// A user was removed; all the user's grants ended.
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
    /// The metadata or policy of a client was changed.
    ClientChanged,
    /// A client was removed; its grants ended.
    ClientRemoved,
    /// An authorization code or a device code was used twice; the grant that it led to ended.
    CodeReplayed,
    /// A browser session ended, with the grants that came from it.
    SessionEnded,
    /// The attributes of a user were changed.
    AttributesChanged,
    /// A user signed in, in a browser or with the token API, or a trusted issuer vouched for the user.
    SignedIn,
    /// Throttling of sign-ins began, for an account or a network. At most a few records an hour are written per
    /// network.
    SignInThrottled,
    /// A network guessed the secret of a client until it was throttled. Recorded as rarely as
    /// [`Self::SignInThrottled`].
    ClientThrottled,
    /// A user consented to a client's request.
    ConsentGiven,
    /// A user took back what they had allowed a client; its grants for the user ended.
    ConsentWithdrawn,
    /// An authorization code for a user was issued to a client.
    CodeGranted,
    /// A user allowed a device to act for them.
    DeviceApproved,
    /// A user denied a device's request.
    DeviceDenied,
    /// A client exchanged a user's token for another. A repeated exchange is recorded once an hour.
    TokenExchanged,
    /// A user set up a second factor.
    SecondFactorAdded,
    /// The second factors of a user were removed.
    SecondFactorRemoved,
    /// A user presented a wrong code as the second factor, after the right password.
    SecondFactorRefused,
    /// A user signed in with a recovery code.
    RecoveryCodeUsed,
    /// The recovery codes of a user were replaced.
    RecoveryCodesRenewed,
    /// A user added a passkey.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A passkey counted fewer signatures than before: it may have been copied.
    PasskeyCounterWentBack,
    /// A passkey can be copied to other devices now, or cannot any more.
    PasskeyBackupChanged,
    /// A user asked to be removed.
    RemovalRequested,
    /// A user who had asked to be removed stays.
    RemovalCancelled,
    /// A user wanted not to be asked for the second factor in a browser for a while.
    DeviceRemembered,
    /// A user is asked for the second factor again in a browser where they were not.
    DeviceForgotten,
    /// What a newer version of this program recorded, on the same database.
    Unknown,
}

impl AuditEvent {
    /// All events that this version records, for parsing a stored name.
    pub const ALL: [Self; 42] = [
        Self::UserAdded,
        Self::UserDisabled,
        Self::UserEnabled,
        Self::UserChanged,
        Self::RoleChanged,
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
        Self::ConsentWithdrawn,
        Self::CodeGranted,
        Self::DeviceApproved,
        Self::DeviceDenied,
        Self::TokenExchanged,
        Self::SecondFactorAdded,
        Self::SecondFactorRemoved,
        Self::SecondFactorRefused,
        Self::RecoveryCodeUsed,
        Self::RecoveryCodesRenewed,
        Self::PasskeyAdded,
        Self::PasskeyRemoved,
        Self::PasskeyCounterWentBack,
        Self::PasskeyBackupChanged,
        Self::RemovalRequested,
        Self::RemovalCancelled,
        Self::DeviceRemembered,
        Self::DeviceForgotten,
    ];

    /// Its stable name, which is also what the store keeps.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserAdded => "user_added",
            Self::UserDisabled => "user_disabled",
            Self::UserEnabled => "user_enabled",
            Self::UserChanged => "user_changed",
            Self::RoleChanged => "role_changed",
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
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::CodeGranted => "code_granted",
            Self::DeviceApproved => "device_approved",
            Self::DeviceDenied => "device_denied",
            Self::TokenExchanged => "token_exchanged",
            Self::SecondFactorAdded => "second_factor_added",
            Self::SecondFactorRemoved => "second_factor_removed",
            Self::SecondFactorRefused => "second_factor_refused",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::RecoveryCodesRenewed => "recovery_codes_renewed",
            Self::PasskeyAdded => "passkey_added",
            Self::PasskeyRemoved => "passkey_removed",
            Self::PasskeyCounterWentBack => "passkey_counter_went_back",
            Self::PasskeyBackupChanged => "passkey_backup_changed",
            Self::RemovalRequested => "removal_requested",
            Self::RemovalCancelled => "removal_cancelled",
            Self::DeviceRemembered => "device_remembered",
            Self::DeviceForgotten => "device_forgotten",
            Self::Unknown => "unknown",
        }
    }

    /// Whether users see it in their account. What applications cause by themselves, and often, is left out.
    pub const fn is_shown(self) -> bool {
        !matches!(
            self,
            Self::CodeGranted | Self::TokenExchanged | Self::RefreshExcused | Self::RefreshCaughtUp
        )
    }

    /// The event with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == name)
    }
}

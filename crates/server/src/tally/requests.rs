//! Counting requests by endpoint and outcome. Everything that is counted has a place of its own from the start, so a request costs a few
//! atomic additions, and nothing that a client sends can add a place.

use std::time::Duration;

use http::StatusCode;
use jeton_authority::tally::{Count, Durations, DurationsRead};

use crate::urls::path;

/// A fixed list with a stable name for each entry.
macro_rules! labels {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name {
            $($variant,)+
        }

        impl $name {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),+];

            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    };
}

labels! {
    /// An endpoint, or a group of them.
    Endpoint {
        Authorize = "authorize",
        SignIn = "authorize_sign_in",
        SecondFactor = "authorize_second_factor",
        Consent = "authorize_consent",
        Device = "device",
        DeviceAuthorization = "device_authorization",
        EndSession = "end_session",
        Account = "account",
        AdminApi = "admin_api",
        Reset = "reset",
        Token = "token",
        Par = "par",
        Introspect = "introspect",
        Revoke = "revoke",
        Revocations = "revocations",
        StatusList = "status_list",
        UserInfo = "userinfo",
        Register = "register",
        TokenApiObtain = "token_api_obtain",
        TokenApiSecondFactor = "token_api_second_factor",
        TokenApiRefresh = "token_api_refresh",
        TokenApiVerify = "token_api_verify",
        TokenApiBlacklist = "token_api_blacklist",
        Keys = "keys",
        Metadata = "metadata",
        Probe = "probe",
        Other = "other",
    }
}

labels! {
    /// What came of a request.
    Outcome {
        Ok = "ok",
        Redirect = "redirect",
        Refused = "refused",
        Throttled = "throttled",
        Unavailable = "unavailable",
        Failed = "failed",
    }
}

impl Endpoint {
    /// The endpoint at a path relative to the issuer's.
    pub(crate) fn at(path: &str) -> Self {
        match path {
            path::TOKEN => Self::Token,
            path::JWKS => Self::Keys,
            path::OPENID_CONFIGURATION | path::OAUTH_SERVER => Self::Metadata,
            path::HEALTHZ | path::READYZ | path::STARTUPZ => Self::Probe,
            path::AUTHORIZE => Self::Authorize,
            path::AUTHORIZE_SIGN_IN => Self::SignIn,
            path::AUTHORIZE_SECOND_FACTOR => Self::SecondFactor,
            path::AUTHORIZE_CONSENT => Self::Consent,
            path::DEVICE
            | path::DEVICE_CONFIRM
            | path::DEVICE_SIGN_IN
            | path::DEVICE_SECOND_FACTOR
            | path::DEVICE_DECIDE => Self::Device,
            path::ACCOUNT
            | path::ACCOUNT_AUTHENTICATOR
            | path::ACCOUNT_RECOVERY_CODES
            | path::ACCOUNT_SIGN_IN
            | path::ACCOUNT_SECOND_FACTOR => Self::Account,
            path::RESET
            | path::RESET_SENT
            | path::RESET_CODE
            | path::RESET_LINK
            | path::RESET_PASSWORD
            | path::RESET_DONE => Self::Reset,
            path::DEVICE_AUTHORIZATION => Self::DeviceAuthorization,
            path::END_SESSION | path::END_SESSION_CONFIRM | path::END_SESSION_DONE => Self::EndSession,
            path::PAR => Self::Par,
            path::INTROSPECT => Self::Introspect,
            path::REVOKE => Self::Revoke,
            path::REVOCATIONS => Self::Revocations,
            path::STATUS_LIST | path::STATUS_LISTS => Self::StatusList,
            path::USERINFO => Self::UserInfo,
            path::REGISTER => Self::Register,
            _ if path.starts_with(path::REGISTERED) => Self::Register,
            _ if path.starts_with(path::ADMIN_API) => Self::AdminApi,
            _ => match path.strip_prefix(path::TOKEN_API) {
                Some("" | "/") => Self::TokenApiObtain,
                Some("/second-factor" | "/second-factor/") => Self::TokenApiSecondFactor,
                Some("/refresh" | "/refresh/") => Self::TokenApiRefresh,
                Some("/verify" | "/verify/") => Self::TokenApiVerify,
                Some("/blacklist" | "/blacklist/") => Self::TokenApiBlacklist,
                _ => Self::Other,
            },
        }
    }

    /// Whether OAuth clients call it themselves, rather than browsers for people.
    pub(crate) const fn is_for_clients(self) -> bool {
        matches!(
            self,
            Self::Token
                | Self::DeviceAuthorization
                | Self::Par
                | Self::Introspect
                | Self::Register
                | Self::Revoke
                | Self::UserInfo
                | Self::AdminApi
        )
    }

    /// Whether it belongs to the token API.
    pub(crate) const fn is_token_api(self) -> bool {
        matches!(
            self,
            Self::TokenApiObtain
                | Self::TokenApiSecondFactor
                | Self::TokenApiRefresh
                | Self::TokenApiVerify
                | Self::TokenApiBlacklist
        )
    }
}

impl Outcome {
    fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            429 => Self::Throttled,
            503 => Self::Unavailable,
            200..300 => Self::Ok,
            300..400 => Self::Redirect,
            400..500 => Self::Refused,
            _ => Self::Failed,
        }
    }
}

/// The requests so far.
#[derive(Debug, Default)]
pub(crate) struct RequestTally {
    endpoints: [Counted; Endpoint::ALL.len()],
}

#[derive(Debug, Default)]
struct Counted {
    outcomes: [Count; Outcome::ALL.len()],
    durations: Durations,
}

impl RequestTally {
    pub(crate) fn count(&self, endpoint: Endpoint, status: StatusCode, took: Duration) {
        let counted = &self.endpoints[endpoint as usize];
        counted.outcomes[Outcome::of(status) as usize].add_one();
        counted.durations.add(took);
    }

    pub(crate) fn outcomes(&self, endpoint: Endpoint, outcome: Outcome) -> u64 {
        self.endpoints[endpoint as usize].outcomes[outcome as usize].get()
    }

    pub(crate) fn durations(&self, endpoint: Endpoint) -> DurationsRead {
        self.endpoints[endpoint as usize].durations.read()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_of_the_authority_is_counted_at_its_endpoint_and_any_other_path_together() {
        for (path, endpoint) in [
            ("/token", Endpoint::Token),
            ("/register/abc", Endpoint::Register),
            ("/api/token", Endpoint::TokenApiObtain),
            ("/api/token/", Endpoint::TokenApiObtain),
            ("/api/token/refresh/", Endpoint::TokenApiRefresh),
            ("/api/tokens", Endpoint::Other),
            ("/tokens", Endpoint::Other),
            ("/.env", Endpoint::Other),
            ("*", Endpoint::Other),
        ] {
            assert_eq!(Endpoint::at(path), endpoint, "{path}");
        }
    }

    #[test]
    fn every_status_has_an_outcome() {
        for (status, outcome) in [
            (200, Outcome::Ok),
            (303, Outcome::Redirect),
            (401, Outcome::Refused),
            (429, Outcome::Throttled),
            (500, Outcome::Failed),
            (503, Outcome::Unavailable),
            (101, Outcome::Failed),
        ] {
            assert_eq!(Outcome::of(StatusCode::from_u16(status).expect("a status")), outcome, "{status}");
        }
    }
}

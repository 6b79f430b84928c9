//! The error codes on the wire, from all the standards that define some.

use crate::words::words;

words! {
    /// What is wrong with a request to the authorization server.
    ///
    /// The standards say which endpoint uses which code. This is the only place with the codes and their statuses.
    ErrorCode {
        /// A parameter is missing, repeated or malformed (RFC 6749 §5.2).
        InvalidRequest = "invalid_request",
        /// Client authentication failed, or the client used the wrong method (RFC 6749 §5.2).
        InvalidClient = "invalid_client",
        /// The code or token is invalid, or belongs to another client (RFC 6749 §5.2).
        InvalidGrant = "invalid_grant",
        /// The client may not do this (RFC 6749 §5.2).
        UnauthorizedClient = "unauthorized_client",
        /// The grant type is not supported (RFC 6749 §5.2).
        UnsupportedGrantType = "unsupported_grant_type",
        /// The scope is unknown, malformed, or more than the client may request (RFC 6749 §5.2).
        InvalidScope = "invalid_scope",
        /// The resource owner or the server denied the request (RFC 6749 §4.1.2.1).
        AccessDenied = "access_denied",
        /// The response type is not supported (RFC 6749 §4.1.2.1).
        UnsupportedResponseType = "unsupported_response_type",
        /// The server failed (RFC 6749 §4.1.2.1).
        ServerError = "server_error",
        /// The server cannot do it at the moment (RFC 6749 §4.1.2.1).
        TemporarilyUnavailable = "temporarily_unavailable",
        /// The user must sign in, but must not be prompted (OpenID Connect Core §3.1.2.6).
        LoginRequired = "login_required",
        /// The user must choose an account, but must not be prompted (OpenID Connect Core §3.1.2.6).
        AccountSelectionRequired = "account_selection_required",
        /// The user must consent, but must not be prompted (OpenID Connect Core §3.1.2.6).
        ConsentRequired = "consent_required",
        /// The user must do something, but must not be prompted (OpenID Connect Core §3.1.2.6).
        InteractionRequired = "interaction_required",
        /// The requested authentication is not possible (OpenID Connect Unmet Authentication Requirements §2).
        UnmetAuthenticationRequirements = "unmet_authentication_requirements",
        /// The `request_uri` cannot be fetched or leads to invalid data (RFC 9101 §7).
        InvalidRequestUri = "invalid_request_uri",
        /// The request object is invalid (RFC 9101 §7).
        InvalidRequestObject = "invalid_request_object",
        /// Request objects are not supported (OpenID Connect Core §3.1.2.6).
        RequestNotSupported = "request_not_supported",
        /// `request_uri` is not supported (OpenID Connect Core §3.1.2.6).
        RequestUriNotSupported = "request_uri_not_supported",
        /// `registration` is not supported (OpenID Connect Core §3.1.2.6).
        RegistrationNotSupported = "registration_not_supported",
        /// The resource is unknown or not for this client (RFC 8707 §2).
        InvalidTarget = "invalid_target",
        /// The authorization details are unknown or malformed (RFC 9396 §5).
        InvalidAuthorizationDetails = "invalid_authorization_details",
        /// The DPoP proof is invalid (RFC 9449 §5).
        InvalidDpopProof = "invalid_dpop_proof",
        /// The DPoP proof lacks the server's nonce (RFC 9449 §8).
        UseDpopNonce = "use_dpop_nonce",
        /// The user has not decided yet (RFC 8628 §3.5).
        AuthorizationPending = "authorization_pending",
        /// The device polls too often (RFC 8628 §3.5).
        SlowDown = "slow_down",
        /// The device code has expired (RFC 8628 §3.5).
        ExpiredToken = "expired_token",
        /// The kind of token cannot be revoked here (RFC 7009 §2.2.1).
        UnsupportedTokenType = "unsupported_token_type",
        /// A redirect URI is not acceptable (RFC 7591 §3.2.2).
        InvalidRedirectUri = "invalid_redirect_uri",
        /// Some client metadata is not acceptable (RFC 7591 §3.2.2).
        InvalidClientMetadata = "invalid_client_metadata",
        /// The software statement is invalid (RFC 7591 §3.2.2).
        InvalidSoftwareStatement = "invalid_software_statement",
        /// The software statement is not approved (RFC 7591 §3.2.2).
        UnapprovedSoftwareStatement = "unapproved_software_statement",
        /// The access token is invalid (RFC 6750 §3.1).
        InvalidToken = "invalid_token",
        /// The access token does not permit this (RFC 6750 §3.1).
        InsufficientScope = "insufficient_scope",
    }
}

impl ErrorCode {
    /// The HTTP status of the code outside redirects.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient | Self::InvalidToken => 401,
            Self::InsufficientScope => 403,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }
}

//! The vocabulary of an authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1).

mod claims_request;
mod details;

pub use claims_request::{ClaimRequest, ClaimsRequest, ClaimsRequestError};
pub use details::{AuthorizationDetail, AuthorizationDetails, AuthorizationDetailsError, TypeMissing};

use crate::words::words;

words! {
    /// The response types (`response_type`). There is only the code, because tokens must not travel in a browser's URL
    /// (RFC 9700 §2.1.2).
    ResponseType {
        /// An authorization code.
        Code = "code",
    }
}

words! {
    /// How the response is returned (`response_mode`, OAuth 2.0 Multiple Response Type Encoding Practices §2.1).
    ResponseMode {
        /// In the query of the redirect URI.
        Query = "query",
        /// In its fragment.
        Fragment = "fragment",
        /// In a form that the browser posts to it (OAuth 2.0 Form Post Response Mode).
        FormPost = "form_post",
        /// In a signed JWT in the query (JARM §2.3.1).
        QueryJwt = "query.jwt",
        /// In a signed JWT in the fragment (JARM §2.3.2).
        FragmentJwt = "fragment.jwt",
        /// In a signed JWT in a form (JARM §2.3.3).
        FormPostJwt = "form_post.jwt",
        /// In a signed JWT, in the default place for the response type (JARM §2.3.4).
        Jwt = "jwt",
    }
}

impl ResponseMode {
    /// How the parameters are sent, signed or not: [`Query`](Self::Query), [`Fragment`](Self::Fragment) or
    /// [`FormPost`](Self::FormPost).
    #[must_use]
    pub const fn carrier(self) -> Self {
        match self {
            Self::Query | Self::QueryJwt | Self::Jwt => Self::Query,
            Self::Fragment | Self::FragmentJwt => Self::Fragment,
            Self::FormPost | Self::FormPostJwt => Self::FormPost,
        }
    }

    /// Whether the response is a signed JWT.
    #[must_use]
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::QueryJwt | Self::FragmentJwt | Self::FormPostJwt | Self::Jwt)
    }
}

words! {
    /// What the user should be prompted for (`prompt`, OpenID Connect Core §3.1.2.1).
    Prompt {
        /// Nothing: the response comes immediately, whatever it is.
        None = "none",
        /// Sign in, even if already signed in.
        Login = "login",
        /// Consent, even if already given.
        Consent = "consent",
        /// Choose an account.
        SelectAccount = "select_account",
        /// Create an account (Initiating User Registration via OpenID Connect §4.1).
        Create = "create",
    }
}

words! {
    /// What a client exchanges for tokens (`grant_type`).
    GrantType {
        /// An authorization code (RFC 6749 §4.1.3).
        AuthorizationCode = "authorization_code",
        /// A refresh token (RFC 6749 §6).
        RefreshToken = "refresh_token",
        /// The client's credentials (RFC 6749 §4.4).
        ClientCredentials = "client_credentials",
        /// A device code (RFC 8628 §3.4).
        DeviceCode = "urn:ietf:params:oauth:grant-type:device_code",
        /// Another token (RFC 8693 §2.1).
        TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange",
        /// An assertion of a trusted issuer (RFC 7523 §2.1).
        JwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer",
    }
}

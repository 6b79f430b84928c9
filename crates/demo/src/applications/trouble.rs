//! What can go wrong in a sample application, and how it says so.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jeton_jose::VerifyError;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// The authority cannot be reached, or its answer cannot be read.
    #[error("unexpected response from the authority: {0}")]
    Authority(String),
    /// The authority says no.
    #[error("the authority refused: {error}{}", description.as_ref().map(|text| format!(" ({text})")).unwrap_or_default())]
    Refused {
        /// Its code.
        error: String,
        /// The same in words.
        description: Option<String>,
    },
    /// A token is not what it should be.
    #[error("a token was refused: {0}")]
    Token(#[from] VerifyError),
    /// The answer does not belong to what this browser began.
    #[error("no sign-in to continue: {0}")]
    NotBegun(&'static str),
    /// A form came from another site.
    #[error("this form came from another site")]
    OtherSite,
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Authority(_) => StatusCode::BAD_GATEWAY,
            Self::Refused { .. } | Self::NotBegun(_) | Self::Token(_) => StatusCode::BAD_REQUEST,
            Self::OtherSite => StatusCode::FORBIDDEN,
        };
        super::page::trouble(status, &self.to_string())
    }
}

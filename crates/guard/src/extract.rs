//! The token as an argument of an axum handler.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::response::{IntoResponse, Response};
use http::request::Parts;

use crate::claims::GuardedClaims;
use crate::token::{AccessToken, Passport, Rejection};

impl<C: GuardedClaims, S: Sync> FromRequestParts<S> for AccessToken<C> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        Self::of_request(&parts.extensions)
            .cloned()
            .ok_or_else(|| Rejection::without_token::<C>(&parts.extensions))
    }
}

impl<C: GuardedClaims, S: Sync> OptionalFromRequestParts<S> for AccessToken<C> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Rejection> {
        match parts.extensions.get::<Passport<C>>() {
            Some(passport) => Ok(passport.token.clone()),
            // Behind no guard, "no token" would be a guess.
            None => Err(Rejection::without_token::<C>(&parts.extensions)),
        }
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        self.into_http_response()
    }
}

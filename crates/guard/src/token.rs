//! A token that was verified, as a handler gets it.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use http::Extensions;
use jeton_jose::jwt::Verified;
use jeton_oauth::authorization::AuthorizationDetail;
use jeton_oauth::{AccessTokenClaims, Scope};

use crate::answer::{Answer, Answers};
use crate::claims::GuardedClaims;
use crate::refusal::Refusal;

/// The access token of a request, verified. It reads like its claims.
///
/// An axum handler takes it as an argument; `Option<AccessToken>` if the route is behind
/// [`Guard::optional_layer`](crate::Guard::optional_layer). Other services find it with [`AccessToken::of_request`].
pub struct AccessToken<C = AccessTokenClaims> {
    // One pointer, which a cache of verified tokens hands out at the price of one atomic increment.
    admitted: Arc<Admitted<C>>,
}

/// A verified token, and how its guard answers when it does not suffice.
pub(crate) struct Admitted<C> {
    /// What of it may be revoked, where that matters.
    #[cfg(feature = "remote")]
    pub(crate) named: crate::revocations::Named,
    pub(crate) verified: Verified<C>,
    pub(crate) answers: Arc<Answers>,
}

impl<C: GuardedClaims> AccessToken<C> {
    pub(crate) fn new(admitted: Arc<Admitted<C>>) -> Self {
        Self { admitted }
    }

    /// The token that a guard's layer left with a request; nothing where the request came without one.
    #[must_use]
    pub fn of_request(extensions: &Extensions) -> Option<&Self> {
        extensions.get::<Passport<C>>()?.token.as_ref()
    }

    /// The claims.
    #[must_use]
    pub fn claims(&self) -> &C {
        self.admitted.verified.claims()
    }

    /// The token with all that was verified: registered claims, `kid`, algorithm.
    #[must_use]
    pub fn verified(&self) -> &Verified<C> {
        &self.admitted.verified
    }

    /// Succeeds only if the token permits all of `wanted`.
    ///
    /// # Errors
    /// [`Rejection`], which axum answers with 403 `insufficient_scope`.
    pub fn require_scope(&self, wanted: &Scope) -> Result<(), Rejection> {
        let granted = self.claims().scope();
        if granted.is_some_and(|granted| granted.covers(wanted)) {
            return Ok(());
        }
        let refusal = Refusal::ScopeInsufficient {
            found: granted.cloned().unwrap_or_default(),
            wanted: wanted.clone(),
        };
        Err(Rejection::new(self.admitted.answers.to(&refusal), Some(refusal)))
    }
}

impl<C: GuardedClaims> AccessToken<C> {
    /// What the token permits in detail of one type (RFC 9396 §9.1). What the members of that type allow is for the API to
    /// say: a token permits a thing where one of these does.
    pub fn details<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a AuthorizationDetail> {
        self.claims().authorization_details().into_iter().flat_map(move |details| details.of_type(kind))
    }
}

impl<C: GuardedClaims> Deref for AccessToken<C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.claims()
    }
}

impl<C> Clone for AccessToken<C> {
    fn clone(&self) -> Self {
        Self { admitted: Arc::clone(&self.admitted) }
    }
}

impl<C: fmt::Debug> fmt::Debug for AccessToken<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AccessToken").field(self.admitted.verified.claims()).finish()
    }
}

/// What the layer leaves with a request: that it stands behind a guard, and the token if there is one.
pub(crate) struct Passport<C> {
    pub(crate) answers: Arc<Answers>,
    pub(crate) token: Option<AccessToken<C>>,
}

impl<C> Clone for Passport<C> {
    fn clone(&self) -> Self {
        Self { answers: Arc::clone(&self.answers), token: self.token.clone() }
    }
}

/// A request that is refused from within a handler, with its answer.
#[derive(Clone, Debug)]
pub struct Rejection {
    // Boxed, so that a `Result` of the good case stays small.
    rejected: Box<(Answer, Option<Refusal>)>,
}

impl Rejection {
    fn new(answer: Answer, refusal: Option<Refusal>) -> Self {
        Self { rejected: Box::new((answer, refusal)) }
    }

    /// Why the request is refused; nothing where the route stands behind no guard, which is a mistake of the program and
    /// answered with 500.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        self.rejected.1.as_ref()
    }

    /// What there is to answer to a request that has no token, or stands behind no guard.
    pub(crate) fn without_token<C: GuardedClaims>(extensions: &Extensions) -> Self {
        match extensions.get::<Passport<C>>() {
            Some(passport) => {
                Self::new(passport.answers.to(&Refusal::NoCredentials), Some(Refusal::NoCredentials))
            }
            None => Self::new(Answer::unguarded(), None),
        }
    }

    pub(crate) fn into_answer(self) -> Answer {
        self.rejected.0
    }

    /// The answer, for services that are not axum's.
    #[must_use]
    pub fn into_http_response<B: From<bytes::Bytes>>(self) -> http::Response<B> {
        self.into_answer().into_response()
    }
}

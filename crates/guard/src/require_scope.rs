//! Requiring a scope for a route, as a tower layer.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use jeton_oauth::{AccessTokenClaims, Scope};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::answer::Answer;
use crate::claims::GuardedClaims;
use crate::token::{AccessToken, Rejection};

/// Passes only tokens with a scope; others are answered 403 `insufficient_scope`, which names the scope.
///
/// Add it inside a [`Guard`](crate::Guard)'s layer, to a route or a group of routes. Without a guard it refuses every request.
#[derive(Debug)]
pub struct RequireScope<C = AccessTokenClaims> {
    wanted: Scope,
    claims: PhantomData<fn() -> C>,
}

impl RequireScope {
    /// Requires this scope.
    #[must_use]
    pub fn new(wanted: Scope) -> Self {
        Self { wanted, claims: PhantomData }
    }
}

impl<C: GuardedClaims> RequireScope<C> {
    /// Like [`RequireScope::new`], behind a guard with another type of claims.
    #[must_use]
    pub fn of_claims(wanted: Scope) -> Self {
        Self { wanted, claims: PhantomData }
    }
}

impl<C> Clone for RequireScope<C> {
    fn clone(&self) -> Self {
        Self { wanted: self.wanted.clone(), claims: PhantomData }
    }
}

impl<C: GuardedClaims, S> Layer<S> for RequireScope<C> {
    type Service = ScopeRequired<S, C>;

    fn layer(&self, inner: S) -> ScopeRequired<S, C> {
        ScopeRequired { inner, required: self.clone() }
    }
}

/// A service behind [`RequireScope`].
#[derive(Debug)]
pub struct ScopeRequired<S, C = AccessTokenClaims> {
    inner: S,
    required: RequireScope<C>,
}

impl<S: Clone, C> Clone for ScopeRequired<S, C> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), required: self.required.clone() }
    }
}

impl<S, C, B, R> Service<Request<B>> for ScopeRequired<S, C>
where
    S: Service<Request<B>, Response = Response<R>>,
    C: GuardedClaims,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ScopeFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> ScopeFuture<S::Future> {
        let permitted = match AccessToken::<C>::of_request(request.extensions()) {
            Some(token) => token.require_scope(&self.required.wanted),
            None => Err(Rejection::without_token::<C>(request.extensions())),
        };
        let state = match permitted {
            Ok(()) => State::Passing { answer: self.inner.call(request) },
            Err(rejection) => State::Refused { answer: Some(rejection.into_answer()) },
        };
        ScopeFuture { state }
    }
}

pin_project! {
    /// The response of a service behind [`RequireScope`].
    pub struct ScopeFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        Passing { #[pin] answer: F },
        Refused { answer: Option<Answer> },
    }
}

impl<F, R, E> Future for ScopeFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: From<Bytes>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Passing { answer } => answer.poll(cx),
            StateProj::Refused { answer } => {
                let answer = answer.take().expect("a future is not polled after it is ready");
                Poll::Ready(Ok(answer.into_response()))
            }
        }
    }
}

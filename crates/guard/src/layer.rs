//! The guard as a tower layer.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use jeton_oauth::AccessTokenClaims;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::answer::{Answer, give_nonce};
use crate::claims::GuardedClaims;
use crate::dpop::Proved;
use crate::guard::{Guard, Judgement};
use crate::refusal::Refusal;
use crate::token::{AccessToken, Passport};

/// Whether a request without credentials may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Demand {
    Required,
    Optional,
}

impl<C: GuardedClaims> Guard<C> {
    /// A layer that passes only requests with a valid token. Put layers that answer without one, such as CORS, around
    /// it.
    #[must_use]
    pub fn layer(&self) -> GuardLayer<C> {
        GuardLayer { guard: self.clone(), demand: Demand::Required }
    }

    /// A layer that also passes requests without credentials; requests with an invalid token are refused here too.
    #[must_use]
    pub fn optional_layer(&self) -> GuardLayer<C> {
        GuardLayer { guard: self.clone(), demand: Demand::Optional }
    }
}

/// Puts a [`Guard`] in front of a service: see [`Guard::layer`] and [`Guard::optional_layer`].
#[derive(Debug)]
pub struct GuardLayer<C = AccessTokenClaims> {
    guard: Guard<C>,
    demand: Demand,
}

impl<C> Clone for GuardLayer<C> {
    fn clone(&self) -> Self {
        Self { guard: self.guard.clone(), demand: self.demand }
    }
}

impl<C: GuardedClaims, S> Layer<S> for GuardLayer<C> {
    type Service = Guarded<S, C>;

    fn layer(&self, inner: S) -> Guarded<S, C> {
        Guarded { inner, guard: self.guard.clone(), demand: self.demand }
    }
}

/// A service behind a [`Guard`].
#[derive(Debug)]
pub struct Guarded<S, C = AccessTokenClaims> {
    inner: S,
    guard: Guard<C>,
    demand: Demand,
}

impl<S: Clone, C> Clone for Guarded<S, C> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), guard: self.guard.clone(), demand: self.demand }
    }
}

impl<S, C, B, R> Service<Request<B>> for Guarded<S, C>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    C: GuardedClaims,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = GuardFuture<S, C, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> GuardFuture<S, C, B> {
        let state = match self.guard.judge_request(request.headers()) {
            Judgement::Now(outcome) => self.proceed(request, outcome),
            #[cfg(feature = "remote")]
            Judgement::Later => {
                let token = self.guard.token_of(request.headers()).unwrap_or_default().to_owned();
                let guard = self.guard.clone();
                // The clone has not been polled ready; the service that was is the one to call.
                let spare = self.inner.clone();
                let service = Self {
                    inner: std::mem::replace(&mut self.inner, spare),
                    guard: self.guard.clone(),
                    demand: self.demand,
                };
                State::Waiting {
                    verdict: Box::pin(async move { guard.judge_later(&token).await }),
                    held: Some((service, request)),
                }
            }
        };
        GuardFuture { state }
    }
}

impl<S, C: GuardedClaims> Guarded<S, C> {
    /// Passes the request to the service, or returns the refusal.
    fn proceed<B, R>(
        &mut self,
        mut request: Request<B>,
        outcome: Result<AccessToken<C>, Refusal>,
    ) -> State<S, C, B, S::Future>
    where
        S: Service<Request<B>, Response = Response<R>>,
    {
        let outcome = outcome.and_then(|token| {
            let nonce = self.guard.check_binding(&token, Proved::of(&request))?;
            Ok((token, nonce))
        });
        let (token, nonce) = match outcome {
            Ok((token, nonce)) => (Some(token), nonce),
            Err(Refusal::NoCredentials) if self.demand == Demand::Optional => (None, None),
            Err(refusal) => return State::Refused { answer: Some(self.guard.answer_to(&refusal)) },
        };
        request.extensions_mut().insert(Passport { answers: self.guard.answers(), token });
        State::Passing { answer: self.inner.call(request), nonce }
    }
}

pin_project! {
    /// The response of a service behind a [`Guard`].
    pub struct GuardFuture<S, C, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S, C, B, S::Future>,
    }
}

/// The result for a token whose keys must be fetched first.
type Verdict<C> = Pin<Box<dyn Future<Output = Result<AccessToken<C>, Refusal>> + Send>>;

pin_project! {
    #[project = StateProj]
    enum State<S, C, B, F> {
        Passing { #[pin] answer: F, nonce: Option<HeaderValue> },
        Refused { answer: Option<Answer> },
        Waiting { verdict: Verdict<C>, held: Option<(Guarded<S, C>, Request<B>)> },
    }
}

impl<S, C, B, R> Future for GuardFuture<S, C, B>
where
    S: Service<Request<B>, Response = Response<R>>,
    C: GuardedClaims,
    R: From<Bytes>,
{
    type Output = Result<Response<R>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProj::Passing { answer, nonce } => {
                    let mut answered = ready!(answer.poll(cx));
                    if let (Ok(response), Some(nonce)) = (&mut answered, nonce.take()) {
                        give_nonce(response.headers_mut(), nonce);
                    }
                    return Poll::Ready(answered);
                }
                StateProj::Refused { answer } => {
                    let answer = answer.take().expect("a future is not polled after it is ready");
                    return Poll::Ready(Ok(answer.into_response()));
                }
                StateProj::Waiting { verdict, held } => {
                    let outcome = ready!(verdict.as_mut().poll(cx));
                    let (mut service, request) = held.take().expect("the verdict comes once");
                    service.proceed(request, outcome)
                }
            };
            state.set(next);
        }
    }
}

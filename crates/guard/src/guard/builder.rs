//! What a guard is made of.

use std::marker::PhantomData;
use std::time::Duration;

use jeton_jose::KeySet;
use jeton_jose::jwt::{Audience, Issuer, TokenType, Verifier};
use jeton_oauth::{ACCESS_TOKEN_TYP, AccessTokenClaims, Realm, RealmError};

use super::{Guard, Source};
use crate::answer::{Answers, BodyStyle};
use crate::challenge::Challenges;
use crate::claims::GuardedClaims;
use crate::clock::Clock;
use crate::dpop::Dpop;
use crate::policy::Policy;
use crate::resource::ProtectedResource;
#[cfg(feature = "remote")]
use crate::revocations::Revocations;

/// Builds a [`Guard`].
pub struct GuardBuilder<C = AccessTokenClaims> {
    policy: Policy,
    source: Source,
    keys: KeySet,
    clock: Clock,
    realm: Realm,
    style: BodyStyle,
    dpop: Option<Dpop>,
    resource_metadata: Option<Realm>,
    claims: PhantomData<fn() -> C>,
}

impl GuardBuilder {
    pub(crate) fn new(issuer: Issuer, audience: Audience, keys: KeySet, source: Source) -> Self {
        let policy = Policy {
            issuer,
            audience,
            typ: TokenType::from(ACCESS_TOKEN_TYP),
            leeway: Verifier::DEFAULT_LEEWAY,
            remember: 0,
            users_only: false,
            #[cfg(feature = "remote")]
            revocations: None,
        };
        Self {
            policy,
            source,
            keys,
            clock: Clock::system(),
            realm: Realm::parse("api").expect("letters alone"),
            style: BodyStyle::default(),
            dpop: None,
            resource_metadata: None,
            claims: PhantomData,
        }
    }
}

impl<C: GuardedClaims> GuardBuilder<C> {
    /// Reads the claims as this type.
    #[must_use]
    pub fn claims<D: GuardedClaims>(self) -> GuardBuilder<D> {
        let Self { policy, source, keys, clock, realm, style, dpop, resource_metadata, claims: _ } = self;
        GuardBuilder {
            policy,
            source,
            keys,
            clock,
            realm,
            style,
            dpop,
            resource_metadata,
            claims: PhantomData,
        }
    }

    /// Wants this `typ` in place of `at+jwt`, for issuers that know no RFC 9068. With [`TokenType::JwtOrNone`] only the
    /// audience keeps an ID token from passing for an access token.
    #[must_use]
    pub fn typ(mut self, typ: impl Into<TokenType>) -> Self {
        self.policy.typ = typ.into();
        self
    }

    /// Lets clocks differ by this much (30 seconds unless set, at most ten minutes).
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.policy.leeway = leeway.min(Verifier::MAX_LEEWAY);
        self
    }

    /// Remembers about this many tokens that were verified, so that showing one again costs no signature check.
    ///
    /// A remembered token is compared whole. It is forgotten when it expires, after ten minutes, and when the keys change.
    #[must_use]
    pub fn remember(mut self, capacity: usize) -> Self {
        self.policy.remember = capacity;
        self
    }

    /// Refuses what the issuer revoked, within a second: tokens of sessions that ended, tokens from before a change of what they say, and
    /// tokens of keys that were withdrawn. Remembered tokens too.
    #[cfg(feature = "remote")]
    #[must_use]
    pub fn revocations(mut self, revocations: Revocations) -> Self {
        self.policy.revocations = Some(revocations);
        self
    }

    /// Names the protection space in challenges (`api` unless set).
    ///
    /// # Errors
    /// [`RealmError`] where the name cannot stand between quotes.
    pub fn realm(mut self, realm: &str) -> Result<Self, RealmError> {
        self.realm = Realm::parse(realm)?;
        Ok(self)
    }

    /// Takes tokens that are bound to a key, with a proof of it (RFC 9449). Others are taken as before.
    #[must_use]
    pub fn dpop(mut self, dpop: Dpop) -> Self {
        self.dpop = Some(dpop);
        self
    }

    /// Says in challenges where the API is described (RFC 9728 §5.1).
    #[must_use]
    pub fn resource_metadata(mut self, resource: &ProtectedResource) -> Self {
        self.resource_metadata = Some(resource.url().clone());
        self
    }

    /// Chooses what refusals look like.
    #[must_use]
    pub fn body_style(mut self, style: BodyStyle) -> Self {
        self.style = style;
        self.policy.users_only = style == BodyStyle::SimpleJwt;
        self
    }

    /// Takes the time from this clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    /// The guard.
    #[must_use]
    pub fn build(self) -> Guard<C> {
        #[cfg(feature = "remote")]
        if let Some(revocations) = &self.policy.revocations {
            revocations.allow_leeway(self.policy.leeway);
        }
        let algorithms = self.dpop.as_ref().map(|dpop| dpop.algorithms().to_vec()).unwrap_or_default();
        let challenges = Challenges::new(self.realm, algorithms, self.resource_metadata);
        let answers = Answers::new(challenges, self.style);
        Guard::assemble(self.policy, self.source, self.keys, self.clock, answers, self.dpop)
    }
}

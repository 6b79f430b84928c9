//! What a guard demands of a token, and one set of keys to hold it against.

use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "remote")]
use jeton_jose::jwt::Verified;
use jeton_jose::jwt::{Audience, Issuer, Remembered, TokenType, Unverified, Verifier};
use jeton_jose::{KeySet, Timestamp, VerifyError};

use crate::answer::Answers;
use crate::claims::GuardedClaims;
use crate::refusal::Refusal;
#[cfg(feature = "remote")]
use crate::revocations::{Named, Revocable, Revocations};
use crate::token::{AccessToken, Admitted};

/// What stays the same when the keys change.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) issuer: Issuer,
    pub(crate) audience: Audience,
    pub(crate) typ: TokenType,
    pub(crate) leeway: Duration,
    /// How many verified tokens are remembered.
    pub(crate) remember: usize,
    pub(crate) users_only: bool,
    /// What the issuer revoked.
    #[cfg(feature = "remote")]
    pub(crate) revocations: Option<Revocations>,
}

impl Policy {
    /// Refuses a token that is good otherwise, where it was revoked. Remembered tokens too.
    #[cfg(feature = "remote")]
    fn check_revoked<C>(&self, admitted: &Admitted<C>, now: Timestamp) -> Result<(), Refusal> {
        let Some(revocations) = &self.revocations else { return Ok(()) };
        let verified = &admitted.verified;
        let Named { sid, client, jti } = admitted.named;
        let token = Revocable { sid, client, jti, iat: verified.registered().iat(), kid: verified.kid() };
        revocations.check(token, now)
    }

    #[cfg(not(feature = "remote"))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "nothing is revoked without a feed")]
    fn check_revoked<C>(&self, _: &Admitted<C>, _: Timestamp) -> Result<(), Refusal> {
        Ok(())
    }

    /// What of a token may be revoked, where that matters. Claims of any type may leave it out, so it is read from what was signed.
    #[cfg(feature = "remote")]
    fn names_of<C>(&self, verified: &Verified<C>) -> Named {
        let named = |revocations| Named::read(verified.registered().json(), revocations);
        self.revocations.as_ref().map(named).unwrap_or_default()
    }
}

/// One set of keys, and the tokens that were verified with it.
pub(crate) struct Snapshot<C> {
    verifier: Verifier,
    remembered: Option<Remembered<Admitted<C>>>,
    answers: Arc<Answers>,
    version: u64,
}

impl<C: GuardedClaims> Snapshot<C> {
    pub(crate) fn new(policy: &Policy, answers: &Arc<Answers>, keys: KeySet, version: u64) -> Self {
        let verifier = Verifier::new(policy.issuer.clone(), policy.audience.clone(), keys)
            .typ(policy.typ.clone())
            .leeway(policy.leeway);
        let remembered = (policy.remember > 0).then(|| Remembered::with_capacity(policy.remember));
        Self { verifier, remembered, answers: Arc::clone(answers), version }
    }

    /// Counts up with each change of the keys.
    pub(crate) const fn version(&self) -> u64 {
        self.version
    }

    /// Verifies the token alone. Whether its bearer holds what it is bound to is for the caller to check.
    pub(crate) fn verify(
        &self,
        policy: &Policy,
        token: &str,
        now: Timestamp,
    ) -> Result<AccessToken<C>, Refusal> {
        if let Some(admitted) = self.remembered.as_ref().and_then(|remembered| remembered.find(token, now)) {
            policy.check_revoked(&admitted, now)?;
            return Ok(AccessToken::new(admitted));
        }
        let verified = self.verifier.verify::<C>(token, now).map_err(|error| refusal(error, token))?;
        let claims = verified.claims();
        if claims.is_for_another_use() {
            let (found, wanted) = ("its claims name another use".into(), "an access token".into());
            return Err(Refusal::AnotherUse { found, wanted });
        }
        if policy.users_only && !claims.names_user() {
            return Err(Refusal::UserAbsent);
        }
        let exp = verified.registered().exp();
        let admitted = Arc::new(Admitted {
            #[cfg(feature = "remote")]
            named: policy.names_of(&verified),
            verified,
            answers: Arc::clone(&self.answers),
        });
        policy.check_revoked(&admitted, now)?;
        if let (Some(remembered), Some(exp)) = (&self.remembered, exp) {
            remembered.insert(token, Arc::clone(&admitted), now, exp.saturating_add(policy.leeway));
        }
        Ok(AccessToken::new(admitted))
    }

    /// The `kid` of a token that failed, if the reason may be that its key is not in the set: the issuer may have changed
    /// its keys since.
    #[cfg(feature = "remote")]
    #[expect(clippy::option_option, reason = "a token may name no key at all")]
    pub(crate) fn may_lack_the_key(&self, error: &VerifyError, token: &str) -> Option<Option<String>> {
        match error {
            VerifyError::KeyNotFound { .. }
            | VerifyError::AlgorithmNotAllowed { .. }
            | VerifyError::KeyAmbiguous { .. }
            | VerifyError::SignatureInvalid => {}
            _ => return None,
        }
        let unverified = Unverified::parse(token).ok()?;
        match unverified.kid() {
            Some(kid) if self.verifier.keys().get(kid).is_some() => None,
            kid => Some(kid.map(str::to_owned)),
        }
    }
}

/// A token that names another type for itself is told so, though nothing about it has been verified: that is the mistake of
/// a client that sends its refresh token, and nobody else learns anything from it.
fn refusal(error: VerifyError, token: &str) -> Refusal {
    let is_plain = |typ: &str| matches!(typ.to_ascii_lowercase().as_str(), "jwt" | "application/jwt");
    match error {
        VerifyError::TypeMismatch { found: Some(found), wanted }
            if !is_plain(&found) && Unverified::parse(token).is_ok() =>
        {
            Refusal::AnotherUse { found, wanted: wanted.to_string().into() }
        }
        error => Refusal::Token(error),
    }
}

//! Signing in with a passkey: alone, which needs no name and no password, or after the password.

use jeton_jose::{Timestamp, base64url};
use subtle::ConstantTimeEq;

use super::second_factor::counted;
use super::{Challenge, CodeError, SignIn, SignedIn};
use crate::authenticators::{
    Attempt, ChallengeId, CodeVerdict, CodesFrom, PASSKEY_CHALLENGE_LIFETIME, PasskeyPresented, Presented,
    Repeated,
};
use crate::factor::Factor;
use crate::keyring::Keys;
use crate::passkey::{
    AssertionResponse, Passkey, PasskeyError, RelyingParty, UserVerification, verify_assertion,
};
use crate::random::{Random, sixteen};
use crate::session::SessionSecret;
use crate::user::{User, UserStatus};
use crate::{Caller, UserId};

/// The challenge that a passkey answers when it signs in alone. It holds as long as the page that it is on, and for one answer.
/// Nothing is stored until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasskeyChallenge {
    id: ChallengeId,
    made_at: Timestamp,
}

/// Who answers for what, on which pages.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The relying party: the host of the pages.
    pub party: &'a RelyingParty,
    /// What the challenge was made for: the browser, and what it is about.
    pub holder: &'a [&'a str],
}

const CONTENT: usize = 16 + 8;

impl PasskeyChallenge {
    pub(crate) fn draw(random: &dyn Random, now: Timestamp) -> Self {
        Self { id: sixteen(random), made_at: now }
    }

    pub(crate) fn to_bytes(self, keys: &Keys, holder: &[&str]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(CONTENT + 32);
        bytes.extend(self.id);
        bytes.extend(self.made_at.unix().to_be_bytes());
        let seal = seal(keys, holder, &bytes);
        bytes.extend(seal);
        bytes
    }

    /// Reads the challenge that was answered, if it is the authority's own, this holder's, and not too old.
    pub(crate) fn parse(bytes: &[u8], keys: &Keys, holder: &[&str], now: Timestamp) -> Option<Self> {
        let (content, presented) = bytes.split_first_chunk::<CONTENT>()?;
        if !bool::from(seal(keys, holder, content).ct_eq(presented)) {
            return None;
        }
        let (id, rest) = content.split_first_chunk::<16>()?;
        let made_at = Timestamp::from_unix(i64::from_be_bytes(*rest.first_chunk::<8>()?));
        // One from the future is as old as the clock was ahead.
        let holds = now.unix().abs_diff(made_at.unix()) < PASSKEY_CHALLENGE_LIFETIME.as_secs();
        holds.then_some(Self { id: *id, made_at })
    }
}

fn seal(keys: &Keys, holder: &[&str], content: &[u8]) -> [u8; 32] {
    let holder = holder.iter().map(|part| part.as_bytes());
    keys.seal("passkey", &holder.chain([content]).collect::<Vec<_>>())
}

impl SignIn {
    /// Makes a challenge for a page, in base64url.
    pub fn passkey_challenge(&self, holder: &[&str], now: Timestamp) -> String {
        base64url::encode(PasskeyChallenge::draw(&*self.random, now).to_bytes(&self.keys, holder))
    }

    /// Signs the owner of a passkey in in a browser, without a name or a password. The authenticator has to have verified who used
    /// it.
    ///
    /// # Errors
    /// [`CodeError`] says why nobody was signed in. The same answer succeeds again for a moment: somebody pressed twice.
    pub async fn at_browser_with_passkey(
        &self,
        asked: Asked<'_>,
        answer: &AssertionResponse,
        before: Option<&SessionSecret>,
        caller: impl Into<Caller>,
        now: Timestamp,
    ) -> Result<(SessionSecret, SignedIn), CodeError> {
        let caller = caller.into();
        let outcome = self.try_passkey(asked, answer, &caller, now).await;
        self.tally.count_sign_in(counted(&outcome));
        let user = outcome?;
        Ok(self.open_session(user, vec![Factor::Passkey], before, &caller, now).await?)
    }

    /// Completes signing in in a browser with a passkey, after the password.
    ///
    /// # Errors
    /// As [`Self::at_browser_with_passkey`].
    pub async fn at_browser_with_second_passkey(
        &self,
        challenge: &Challenge,
        asked: Asked<'_>,
        answer: &AssertionResponse,
        before: Option<&SessionSecret>,
        caller: impl Into<Caller>,
        now: Timestamp,
    ) -> Result<(SessionSecret, SignedIn), CodeError> {
        let caller = caller.into();
        let outcome = self.try_second_passkey(challenge, asked, answer, &caller, now).await;
        self.tally.count_sign_in(counted(&outcome));
        let methods = vec![Factor::Password, Factor::Passkey];
        Ok(self.open_session(outcome?, methods, before, &caller, now).await?)
    }

    /// Checks that a user who is signed in can use one of their passkeys.
    ///
    /// # Errors
    /// [`CodeError`] says why not. The same answer succeeds again for a moment: somebody pressed twice.
    pub async fn prove_passkey(
        &self,
        signed_in: &SignedIn,
        asked: Asked<'_>,
        answer: &AssertionResponse,
        caller: impl Into<Caller>,
        now: Timestamp,
    ) -> Result<(), CodeError> {
        let answered = answer.challenge()?;
        let challenge =
            PasskeyChallenge::parse(&answered, &self.keys, asked.holder, now).ok_or(CodeError::Over)?;
        let (user, verification, caller) =
            (signed_in.user.clone(), UserVerification::Optional, caller.into());
        self.try_assertion(user, challenge.id, &answered, asked.party, answer, verification, &caller, now)
            .await
            .map(drop)
    }

    /// The user's passkeys, for a page that asks for one after the password.
    ///
    /// # Errors
    /// The store fails.
    pub async fn passkeys_of(&self, user: UserId) -> Result<Vec<Passkey>, crate::store::StoreError> {
        Ok(self.store.find_authenticators(user).await?.passkeys)
    }

    async fn try_passkey(
        &self,
        asked: Asked<'_>,
        answer: &AssertionResponse,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<User, CodeError> {
        let answered = answer.challenge()?;
        let challenge =
            PasskeyChallenge::parse(&answered, &self.keys, asked.holder, now).ok_or(CodeError::Over)?;
        // The handle is the identifier that the authenticator was given for its user.
        let handle = answer.user_handle().and_then(|handle| handle.try_into().ok());
        let handle = handle.ok_or(PasskeyError::Unknown)?;
        let user =
            self.store.find_user_by_id(UserId::from_bytes(handle)).await?.ok_or(PasskeyError::Unknown)?;
        let verification = UserVerification::Required;
        self.try_assertion(user, challenge.id, &answered, asked.party, answer, verification, caller, now)
            .await
    }

    async fn try_second_passkey(
        &self,
        challenge: &Challenge,
        asked: Asked<'_>,
        answer: &AssertionResponse,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<User, CodeError> {
        let user = self.challenged(challenge, now).await?.ok_or(CodeError::Over)?;
        let sealed = base64url::decode(self.seal_challenge(challenge, asked.holder)).unwrap_or_default();
        let verification = UserVerification::Optional;
        self.try_assertion(user, challenge.id(), &sealed, asked.party, answer, verification, caller, now)
            .await
    }

    #[expect(clippy::too_many_arguments, reason = "what the two ways in have in common")]
    async fn try_assertion(
        &self,
        user: User,
        challenge: ChallengeId,
        sealed: &[u8],
        party: &RelyingParty,
        answer: &AssertionResponse,
        verification: UserVerification,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<User, CodeError> {
        let authenticators = self.store.find_authenticators(user.id).await?;
        let passkey = authenticators.passkey(&answer.credential).ok_or(PasskeyError::Unknown)?;
        let assertion = verify_assertion(answer, &passkey.key, sealed, party, verification)?;
        if user.status != UserStatus::Active {
            return Err(CodeError::Refused);
        }
        let presented = PasskeyPresented { id: passkey.id.clone(), key: passkey.key.clone(), assertion };
        let attempt = Attempt {
            challenge,
            epoch: user.epoch,
            presented: Presented::Passkey(presented),
            from: CodesFrom::Strangers,
            repeated: Repeated::LeadsOn,
            network: caller.network(),
        };
        match self.store.present_authenticator(user.id, attempt, now).await? {
            CodeVerdict::Accepted => {}
            CodeVerdict::Throttled { retry_after } => return Err(CodeError::Throttled { retry_after }),
            CodeVerdict::Over | CodeVerdict::Used | CodeVerdict::Wrong => return Err(CodeError::Over),
        }
        self.note_caller(&user, caller, now).await?;
        Ok(user)
    }
}

impl From<PasskeyError> for CodeError {
    fn from(error: PasskeyError) -> Self {
        Self::Passkey(error)
    }
}

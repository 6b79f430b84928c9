//! Setting a new password by mail: asking for the mail, presenting what it says, and the new password. Nobody is signed in by it, so a
//! second factor is asked for as ever.

use std::sync::Arc;
use std::time::Duration;

use jeton_jose::{Timestamp, base64url};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::device::UserCode;
use crate::keyring::Keys;
use crate::mail::{MailFacts, MailKind, NewMail, seal_secret};
use crate::password::{Hashing, HashingBusy, Password, WeakPassword, judge};
use crate::random::{Random, sixteen};
use crate::reset::{ResetContent, ResetId, ResetProof, ResetVerdict, StoredReset, completes};
use crate::settings::Settings;
use crate::store::{Store, StoreError};
use crate::throttle::{Asker, Rates, account_tag};
use crate::user::{User, UserStatus, Username, meant};
use crate::{Caller, MailId, UserId};

/// Lets users set a new password by mail.
pub struct PasswordResets {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) rates: Arc<Rates>,
    pub(crate) hashing: Arc<dyn Hashing>,
}

/// What only the mail says.
#[derive(Serialize, Deserialize)]
pub struct ResetSecret {
    /// What the request goes by.
    pub request: String,
    /// What the link contains besides.
    pub token: String,
    /// The code.
    pub code: String,
}

impl ResetSecret {
    /// Parses what was sealed with a mail.
    pub fn parse(secret: &[u8]) -> Option<Self> {
        serde_json::from_slice(secret).ok()
    }
}

/// Why nothing was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// Too many were asked for, from this network or for this name.
    #[error("too many mails were asked for; try again in {} s", .retry_after.as_secs())]
    Throttled {
        /// When the next one is welcome.
        retry_after: Duration,
    },
    /// The new password is too easy to guess.
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Busy(#[from] HashingBusy),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ResetError {
    /// The stable name of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Throttled { .. } => "password_reset_throttled",
            Self::Weak(weak) => weak.code(),
            Self::Busy(busy) => busy.code(),
            Self::Store(error) => error.code(),
        }
    }
}

impl PasswordResets {
    /// Whether users may set a new password by mail.
    pub fn are_offered(&self) -> bool {
        self.settings.mail.is_sent && self.settings.mail.password_reset
    }

    /// Requests a mail to the user with this name or address. The work is the same for every name. Returns what the browser later presents
    /// together with the code.
    ///
    /// # Errors
    /// [`ResetError::Throttled`] goes by what was typed, not by whether somebody has it.
    pub async fn ask(
        &self,
        typed: &str,
        browser: &str,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<String, ResetError> {
        let typed = typed.trim();
        let account = Asker::Account(account_tag(&self.keys, typed));
        for (rate, asker) in
            [(&self.rates.resets, Asker::Network(caller.network())), (&self.rates.resets_of_account, account)]
        {
            rate.take(asker, now)
                .map_err(|throttled| ResetError::Throttled { retry_after: throttled.retry_after })?;
        }
        let user = self.user_of(typed).await?.filter(|user| user.status == UserStatus::Active);
        let (request, token) = (base64url::encode(sixteen(&*self.random)), self.draw_token());
        let code = UserCode::draw(&*self.random);
        let secret = ResetSecret { request, token, code: code.to_string() };
        let id = MailId::from_bytes(sixteen(&*self.random));
        let plain = Zeroizing::new(serde_json::to_vec(&secret).expect("texts are JSON"));
        let whom = user.as_ref().map(|user| user.id);
        let facts = MailFacts {
            event: "".into(),
            at: now.unix(),
            network: Some(caller.network().to_string().into()),
            device: Some(caller.device()).filter(|device| !device.is_empty()).map(Into::into),
            by_operator: false,
        };
        let mail = NewMail {
            id,
            user: whom.unwrap_or(UserId::from_bytes([0; 16])),
            kind: MailKind::PasswordReset,
            facts,
            sealed: Some(seal_secret(self.keys.master(), id, &plain)),
            queued_at: now,
        };
        let reset = StoredReset {
            id: self.id_of(&secret.request),
            user: whom,
            mail: id,
            asked_at: now,
            sent_at: None,
            content: ResetContent {
                epoch: user.as_ref().map_or(0, |user| user.epoch),
                email: user.and_then(|user| user.email).unwrap_or_default(),
                browser: self.hash("reset browser", &[browser]),
                link: self.hash("reset link", &[&secret.request, &secret.token]),
                code: self.hash("reset code", &[&secret.request, code.as_str()]),
                wrong_codes: 0,
                is_proved: false,
            },
        };
        self.store.begin_reset(reset, mail).await?;
        Ok(secret.request)
    }

    /// Whether a link leads on in this browser: what pressing the button would come to. Changes nothing.
    ///
    /// # Errors
    /// The store fails.
    pub async fn is_of_this_browser(&self, request: &str, browser: &str) -> Result<bool, StoreError> {
        let reset = self.store.find_reset(self.id_of(request)).await?;
        let browser = self.hash("reset browser", &[browser]);
        Ok(reset.is_some_and(|reset| reset.content.browser == browser))
    }

    /// Presents what the link contains.
    ///
    /// # Errors
    /// The store fails.
    pub async fn follow_link(
        &self,
        request: &str,
        token: &str,
        browser: &str,
        now: Timestamp,
    ) -> Result<ResetVerdict, StoreError> {
        self.prove(request, ResetProof::Link(self.hash("reset link", &[request, token])), browser, now).await
    }

    /// Presents a code as somebody typed it. What cannot be one is not counted.
    ///
    /// # Errors
    /// The store fails.
    pub async fn type_code(
        &self,
        request: &str,
        typed: &str,
        browser: &str,
        now: Timestamp,
    ) -> Result<ResetVerdict, StoreError> {
        let Ok(code) = UserCode::parse(typed) else { return Ok(ResetVerdict::Wrong) };
        let proof = ResetProof::Code(self.hash("reset code", &[request, code.as_str()]));
        self.prove(request, proof, browser, now).await
    }

    /// The user whose password may be set in this browser.
    ///
    /// # Errors
    /// The store fails.
    pub async fn proved(
        &self,
        request: &str,
        browser: &str,
        now: Timestamp,
    ) -> Result<Option<User>, StoreError> {
        let Some(reset) = self.store.find_reset(self.id_of(request)).await? else { return Ok(None) };
        let Some(user) = reset.user else { return Ok(None) };
        let Some(user) = self.store.find_user_by_id(user).await? else { return Ok(None) };
        let standing = crate::reset::ResetUser { standing: (&user).into(), email: user.email.clone() };
        let browser = self.hash("reset browser", &[browser]);
        Ok(completes(Some(&reset), Some(&standing), &browser, now).map(|_| user))
    }

    /// Sets the password. Answers whether it was set: once, and only as long as nothing changed.
    ///
    /// # Errors
    /// The password is too easy to guess, too many wait to be hashed, or the store fails.
    pub async fn complete(
        &self,
        request: &str,
        browser: &str,
        password: Password,
        now: Timestamp,
    ) -> Result<bool, ResetError> {
        let Some(user) = self.proved(request, browser, now).await? else { return Ok(false) };
        let related = user.related_texts(&self.settings.issuer);
        judge(&password, user.enrolled.is_two_step, &related, self.settings.password.min_length)?;
        let hash = self.hashing.hash(password, sixteen(&*self.random)).await?;
        let browser = self.hash("reset browser", &[browser]);
        let done = self.store.complete_reset(self.id_of(request), &browser, hash, now).await?;
        Ok(done.is_some())
    }

    async fn prove(
        &self,
        request: &str,
        proof: ResetProof,
        browser: &str,
        now: Timestamp,
    ) -> Result<ResetVerdict, StoreError> {
        let browser = self.hash("reset browser", &[browser]);
        self.store.prove_reset(self.id_of(request), &browser, proof, now).await
    }

    /// The user of a name, or the only one of an address.
    async fn user_of(&self, typed: &str) -> Result<Option<User>, StoreError> {
        let by_name = match Username::parse(typed) {
            Ok(username) => meant(&username, self.store.find_users_alike(&username).await?),
            Err(_) => None,
        };
        // Asked for everybody, so that both kinds of names cost the same.
        let mut by_email = self.store.find_users_by_email(typed).await?;
        let only = if by_email.len() == 1 { by_email.pop() } else { None };
        Ok(by_name.or(only))
    }

    fn id_of(&self, request: &str) -> ResetId {
        self.keys.seal("reset request", &[request.as_bytes()])
    }

    fn hash(&self, purpose: &str, parts: &[&str]) -> Box<str> {
        let parts: Vec<_> = parts.iter().map(|part| part.as_bytes()).collect();
        base64url::encode(self.keys.seal(purpose, &parts)).into()
    }

    fn draw_token(&self) -> String {
        let mut bytes = [0; 32];
        self.random.fill(&mut bytes);
        base64url::encode(bytes)
    }
}

//! The device code (RFC 8628 §3.4): a device asks with it again and again until its user has decided.
//!
//! The answer with the tokens may be lost, and a device may ask twice at once. So the same code from the same client gets the
//! tokens of the same grant again within `refresh.grace`. Later, or from another client, the code is a replay, and the grant ends.

use std::sync::Arc;

use jeton_oauth::client::ClientId;
use jeton_oauth::{ErrorCode, Scope};

use super::{Grants, TokenCall};
use crate::GrantId;
use crate::device::Approval;
use crate::grant::{LiveGrant, NewGrant, Owner};
use crate::issue::TokenResponse;
use crate::oauth_error::OAuthError;
use crate::one_time::{OneTimeHash, Presenter};
use crate::refresh_token::{KeyProof, Presented};
use crate::refusal::Refusal;
use crate::sender_constraint::SenderConstraint;
use crate::store::{CodeRedemption, DevicePoll, Refresh};
use crate::used_up::Used;
use crate::user::UserStatus;

const NOT_VALID: Refusal = Refusal::new(ErrorCode::InvalidGrant, "device_code is not valid");
const PENDING: Refusal = Refusal::new(ErrorCode::AuthorizationPending, "the user has not decided yet");
const SLOW_DOWN: Refusal =
    Refusal::new(ErrorCode::SlowDown, "wait five seconds longer between two questions");
const DENIED: Refusal = Refusal::new(ErrorCode::AccessDenied, "the user denied the request");
const EXPIRED: Refusal = Refusal::new(ErrorCode::ExpiredToken, "the device_code has expired");

impl Grants {
    pub(super) async fn token_by_device_code(
        &self,
        request: &TokenCall,
        hash: OneTimeHash,
    ) -> Result<TokenResponse, OAuthError> {
        let client = &request.client.id;
        let live = match self.base.store.poll_device_authorization(hash, client, request.now).await? {
            DevicePoll::Pending => return Err(PENDING.into()),
            DevicePoll::SlowDown => return Err(SLOW_DOWN.into()),
            DevicePoll::Denied => return Err(DENIED.into()),
            DevicePoll::Expired => return Err(EXPIRED.into()),
            DevicePoll::Unknown => return Err(NOT_VALID.into()),
            DevicePoll::Redeemed { client } => self.present_used_code(request, hash, &client).await?,
            DevicePoll::Approved { content } => {
                let approval = Approval::from_json(&content).ok_or(NOT_VALID)?;
                // Asked for wrongly, it is not used up.
                request.check_factors(Some(&approval.detail))?;
                request.left_of(&self.base.settings, approval.scope.clone(), Some(&approval.detail))?;
                self.redeem_device_code(request, hash, approval).await?
            }
        };
        let grant = &live.grant;
        let permitted = request.left_of(&self.base.settings, grant.scope.clone(), grant.detail.as_deref())?;
        self.tokens_of_grant(request, &live, permitted, None).await
    }

    async fn redeem_device_code(
        &self,
        request: &TokenCall,
        hash: OneTimeHash,
        approval: Approval,
    ) -> Result<LiveGrant, OAuthError> {
        let user = self.base.store.find_user_by_id(approval.user).await?.ok_or(NOT_VALID)?;
        // It comes from no browser's session: the browser that its user decided at is another machine, and signing out there is no
        // reason to sign the device out.
        let owner = Owner { user: approval.user, epoch: approval.epoch };
        let new = self.new_grant(request, owner, approval.scope, Some(approval.detail));
        let live = LiveGrant::opened(&new, user);
        let presentation = self.presentation(request, Presenter::Owner);
        match self.base.store.redeem_device_code(hash, new, presentation).await? {
            CodeRedemption::Opened { .. } => {
                let until = request.now.saturating_add(self.base.settings.device.lifetime);
                self.base.used_up.note(Used::DeviceCode(hash), until, request.now);
                Ok(live)
            }
            // Another question of the same device was answered at the same time.
            CodeRedemption::Repeated { grant: Some(grant) } => self.answer_again(request, hash, grant).await,
            CodeRedemption::Replayed { grant: Some(grant) } => {
                Err(OAuthError::Replayed { refusal: NOT_VALID, grant })
            }
            CodeRedemption::CredentialsChanged => Err(DENIED.into()),
            CodeRedemption::Expired => Err(EXPIRED.into()),
            _ => Err(NOT_VALID.into()),
        }
    }

    /// Presents a code that gave a grant before.
    async fn present_used_code(
        &self,
        request: &TokenCall,
        hash: OneTimeHash,
        owner: &ClientId,
    ) -> Result<LiveGrant, OAuthError> {
        let presentation = self.presentation(request, self.presenter(request, owner).await?);
        match self.base.store.redeem_device_code(hash, self.grant_of_nobody(request), presentation).await? {
            CodeRedemption::Repeated { grant: Some(grant) } => self.answer_again(request, hash, grant).await,
            CodeRedemption::Replayed { grant: Some(grant) } => {
                Err(OAuthError::Replayed { refusal: NOT_VALID, grant })
            }
            _ => Err(NOT_VALID.into()),
        }
    }

    /// The grant of a code that its device presents again within the grace. Whoever cannot prove the key that the grant is bound
    /// to is not that device, and ends it.
    async fn answer_again(
        &self,
        request: &TokenCall,
        hash: OneTimeHash,
        grant: GrantId,
    ) -> Result<LiveGrant, OAuthError> {
        let Some((live, UserStatus::Active)) = self.base.store.find_grant(grant).await? else {
            return Err(NOT_VALID.into());
        };
        let bound = live.grant.detail.as_ref().and_then(|detail| {
            SenderConstraint { jkt: detail.jkt.clone(), x5t_s256: detail.x5t_s256.clone() }.confirmation()
        });
        if !request.constraint.proves(bound.as_ref()) {
            let presentation = self.presentation(request, Presenter::Stranger);
            let new = self.grant_of_nobody(request);
            return Err(match self.base.store.redeem_device_code(hash, new, presentation).await? {
                CodeRedemption::Replayed { .. } => OAuthError::Replayed { refusal: NOT_VALID, grant },
                _ => NOT_VALID.into(),
            });
        }
        if live.grant.revoked_at.is_some() || live.grant.expires_at <= request.now {
            return Err(NOT_VALID.because("the grant of the code has ended").into());
        }
        let state = live.grant.state;
        if state.generation == 0 {
            return Ok(live);
        }
        // The device has refreshed since. Its code now stands for the grant's first refresh token, and the refresh rule tells a late
        // retry from a replay: it knows how far the grant has moved on and from which network.
        let key = if live.grant.is_bound() { KeyProof::Proved } else { KeyProof::None };
        let first = Presented::new(0, state.minted_at, request.network).by(Arc::clone(&request.client), key);
        let policy = self.base.settings.refresh.policy;
        let refreshed = self.base.store.refresh_grant(grant, first, policy, request.now).await;
        self.base.tally.count_refresh(Refresh::counted(&refreshed));
        match refreshed? {
            Refresh::Granted(live, _) => Ok(*live),
            Refresh::Replayed(grant) => Err(OAuthError::Replayed { refusal: NOT_VALID, grant: grant.id }),
            _ => Err(NOT_VALID.because("the grant of the code has ended").into()),
        }
    }

    /// The grant of a device, while it does not matter whose it is.
    fn grant_of_nobody(&self, request: &TokenCall) -> NewGrant {
        self.new_grant(request, Owner::NOBODY, Scope::default(), None)
    }
}

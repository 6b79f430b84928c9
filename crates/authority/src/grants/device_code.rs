//! The device code (RFC 8628 §3.4): a device asks with it again and again until its user has decided.

use jeton_oauth::{ErrorCode, Scope};

use super::authorization_code::live;
use super::{Issuance, TokenRequest};
use crate::authority::Authority;
use crate::device::Approval;
use crate::grant::{LiveGrant, NewGrant};
use crate::issue::TokenResponse;
use crate::one_time::OneTimeHash;
use crate::random::sixteen;
use crate::refusal::{OAuthError, Refusal};
use crate::store::{CodeRedemption, DevicePoll};
use crate::{GrantId, UserId};

const NOT_VALID: Refusal = Refusal::new(ErrorCode::InvalidGrant, "device_code is not valid");
const PENDING: Refusal = Refusal::new(ErrorCode::AuthorizationPending, "the user has not decided yet");
const SLOW_DOWN: Refusal =
    Refusal::new(ErrorCode::SlowDown, "wait five seconds longer between two questions");
const DENIED: Refusal = Refusal::new(ErrorCode::AccessDenied, "the user said no");
const EXPIRED: Refusal = Refusal::new(ErrorCode::ExpiredToken, "the device_code has expired");

impl Authority {
    pub(super) async fn token_by_device_code(
        &self,
        request: &TokenRequest,
    ) -> Result<TokenResponse, OAuthError> {
        let hash = OneTimeHash::of(request.required("device_code", "device_code is missing")?);
        let approval = match self.store.poll_device_authorization(hash, request.now).await? {
            DevicePoll::Pending => return Err(PENDING.into()),
            DevicePoll::SlowDown => return Err(SLOW_DOWN.into()),
            DevicePoll::Denied => return Err(DENIED.into()),
            DevicePoll::Expired => return Err(EXPIRED.into()),
            DevicePoll::Unknown => return Err(self.unknown_device_code(request, hash).await),
            DevicePoll::Approved { content } => Approval::from_json(&content).ok_or(NOT_VALID)?,
        };
        if approval.client != request.client.id {
            return Err(NOT_VALID.into());
        }
        let details = request.narrowed_details(&self.settings, &approval.detail.authorization_details)?;
        let live = self.redeem_device_code(request, hash, approval).await?;
        let scope = Scope::parse(&live.grant.scope).unwrap_or_default();
        let detail = live.grant.detail.as_deref();
        let resources = self.resources_of(request, detail.map_or(&[], |detail| &detail.resources))?;
        let issuance = Issuance { live: &live, scope: &scope, details, resources: &resources, nonce: None };
        self.issue_for_grant(request, issuance).await
    }

    async fn redeem_device_code(
        &self,
        request: &TokenRequest,
        hash: OneTimeHash,
        approval: Approval,
    ) -> Result<LiveGrant, OAuthError> {
        let id = approval.user.parse::<UserId>().map_err(|_| NOT_VALID)?;
        let user = self.store.find_user_by_id(id).await?.ok_or(NOT_VALID)?;
        let mut detail = approval.detail;
        request.bind(&mut detail);
        let new = NewGrant {
            user: id,
            epoch: approval.epoch,
            scope: approval.scope,
            detail: Some(Box::new(detail)),
            ..self.grant_of_device(request)
        };
        let live = live(&new, user);
        match self.store.redeem_device_code(hash, new, request.now).await? {
            CodeRedemption::Opened => Ok(live),
            CodeRedemption::Replayed { grant: Some(grant) } => {
                Err(OAuthError::Replayed { refusal: NOT_VALID, grant })
            }
            CodeRedemption::CredentialsChanged => Err(DENIED.into()),
            CodeRedemption::Expired => Err(EXPIRED.into()),
            _ => Err(NOT_VALID.into()),
        }
    }

    /// Polling does not tell a code that was used from one that never was; redeeming does, and ends the grant that it gave.
    async fn unknown_device_code(&self, request: &TokenRequest, hash: OneTimeHash) -> OAuthError {
        match self.store.redeem_device_code(hash, self.grant_of_device(request), request.now).await {
            Ok(CodeRedemption::Replayed { grant: Some(grant) }) => {
                OAuthError::Replayed { refusal: NOT_VALID, grant }
            }
            Ok(_) => NOT_VALID.into(),
            Err(error) => error.into(),
        }
    }

    /// The grant of a device, still nobody's. It comes from no browser's session: the browser that its user decided at is
    /// another machine, and signing out there is no reason to sign the device out.
    fn grant_of_device(&self, request: &TokenRequest) -> NewGrant {
        NewGrant {
            id: GrantId::from_bytes(sixteen(&*self.random)),
            user: UserId::from_bytes([0; 16]),
            epoch: 0,
            client: request.client.id.as_str().into(),
            scope: "".into(),
            session: None,
            detail: None,
            network: request.network,
            opened_at: request.now,
            expires_at: request.now.saturating_add(self.settings.absolute_lifetime),
        }
    }
}

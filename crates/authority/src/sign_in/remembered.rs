//! Browsers in which users are not asked for the second factor for a while.

use jeton_jose::Timestamp;

use super::{SignIn, SignedIn};
use crate::audit::Actor;
use crate::authenticators::{AuthenticatorChange, DeviceSecret, RememberedDevice};
use crate::store::StoreError;
use crate::user::{User, UserStanding};
use crate::{Caller, UserId};

impl SignIn {
    /// Remembers the browser with this secret, or a new one, for a user who has just presented a second factor there. Answers the secret, for
    /// the browser's cookie; none where browsers are not remembered.
    ///
    /// # Errors
    /// The store fails.
    pub async fn remember_device(
        &self,
        signed_in: &SignedIn,
        secret: Option<&DeviceSecret>,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Option<DeviceSecret>, StoreError> {
        if self.settings.account.remembered_for.is_none() {
            return Ok(None);
        }
        let secret = secret.cloned().unwrap_or_else(|| DeviceSecret::draw(&*self.random));
        let user = &signed_in.user;
        let device = RememberedDevice {
            hash: secret.hash(user.id),
            epoch: user.epoch,
            device: caller.device().into(),
            added_at: now,
        };
        let change = AuthenticatorChange::RememberDevice(device);
        let by = Actor::User(user.id);
        self.store.change_authenticators(user.id, change, by, Some(caller.network()), now).await?;
        Ok(Some(secret))
    }

    /// The user, if they are not asked for a second factor in the browser with this secret.
    pub(super) async fn remembered(
        &self,
        user: UserId,
        secret: &DeviceSecret,
        now: Timestamp,
    ) -> Result<Option<User>, StoreError> {
        let Some(remembered_for) = self.settings.account.remembered_for else { return Ok(None) };
        let factors = self.store.find_authenticators(user).await?;
        let Some(user) = self.store.find_user_by_id(user).await? else { return Ok(None) };
        let (standing, hash) = (UserStanding::from(&user), secret.hash(user.id));
        let is_remembered =
            factors.remembered(&standing, remembered_for, now).any(|device| device.hash == hash);
        Ok(is_remembered.then_some(user))
    }
}

//! Telling users of sign-ins from a device that is new.

use jeton_jose::Timestamp;

use super::SignIn;
use crate::mail::{MailFacts, MailKind, NewMail};
use crate::random::sixteen;
use crate::store::StoreError;
use crate::throttle::{account_tag, is_known};
use crate::user::User;
use crate::{Caller, MailId, Network};

impl SignIn {
    /// Queues a mail to a user who signs in from a network and in a browser that are both new; `noted_at` is when a sign-in from this
    /// network was last recorded. A known browser that travels is no new device, and neither is a new one at home. It is queued before
    /// the sign-in is complete: no sign-in stays unnoticed because the server stopped.
    pub(super) async fn tell_of_new_device(
        &self,
        user: &User,
        caller: &Caller,
        noted_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mail = &self.settings.mail;
        let is_wanted = mail.is_sent && mail.new_device_notices && user.email.is_some();
        // An unknown network belongs to nobody, so none is new.
        if !is_wanted || caller.network() == Network::Unknown || is_known(noted_at, now) {
            return Ok(());
        }
        let account = account_tag(&self.keys, user.username.as_str());
        if caller.browser().is_some_and(|browser| browser.knows(&account)) {
            return Ok(());
        }
        let facts = MailFacts {
            event: "".into(),
            at: now.unix(),
            network: Some(caller.network().to_string().into()),
            device: Some(caller.device()).filter(|device| !device.is_empty()).map(Into::into),
            by_operator: false,
        };
        let id = MailId::from_bytes(sixteen(&*self.random));
        let mail =
            NewMail { id, user: user.id, kind: MailKind::NewDevice, facts, sealed: None, queued_at: now };
        // Where there are enough already, the user knows.
        self.store.queue_mail(mail).await.map(drop)
    }
}

//! Sending the mails that are due.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jeton_authority::Authority;
use jeton_authority::mail::{MailAddress, MailOutcome, MailSettled, QueuedMail, settle};
use jeton_authority::store::StoreError;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::connection::{Connection, TO_CONNECT};
use super::{MailError, Mailer};
use crate::logging::Trouble;
use crate::machine::{Clock, ClockAgreement};

/// How often due mails are looked up.
const TICK: Duration = Duration::from_secs(1);
/// How many of them at once.
const LOOKED_AT: u32 = 64;
/// How many connections to the mail server there are at once.
const CONNECTIONS: usize = 4;
/// How long this node alone may attempt a mail: longer than an attempt takes. If a node stops between the server's answer and the note
/// of it, the mail is sent once more after this time, with the same `Message-ID`.
const CLAIMED_FOR: Duration = Duration::from_secs(60);
/// How long the mail server is left alone after it could not be reached; each time twice as long.
const FIRST_REST: Duration = Duration::from_secs(5);
const LONGEST_REST: Duration = Duration::from_secs(60);

/// Sends due mails while it is polled.
pub(crate) async fn deliver_mail(
    mailer: Arc<Mailer>,
    authority: Arc<Authority>,
    clock: Clock,
    clocks: Arc<ClockAgreement>,
) {
    let (mut stored, mut reached) = (Trouble::new("mail_queue_failed"), Trouble::new("mail_not_sent"));
    let (mut rest, mut rests_until) = (FIRST_REST, Instant::now());
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // By a wrong clock, mails would be given up too early.
        if clocks.disagrees() || Instant::now() < rests_until {
            continue;
        }
        let due = match authority.store().due_mails(clock.now(), LOOKED_AT).await {
            Ok(due) => due,
            Err(error) => {
                stored.again(&error);
                continue;
            }
        };
        if due.is_empty() {
            stored.over();
            continue;
        }
        let mut lanes = JoinSet::new();
        let width = due.len().div_ceil(CONNECTIONS);
        for mails in due.chunks(width) {
            let lane = Lane { mailer: mailer.clone(), authority: authority.clone(), clock: clock.clone() };
            lanes.spawn(lane.send_all(mails.to_vec()));
        }
        let mut unreached = None;
        while let Some(lane) = lanes.join_next().await {
            match lane {
                Ok(Ok(None)) => stored.over(),
                Ok(Ok(Some(error))) => unreached = Some(error),
                Ok(Err(error)) => stored.again(&error),
                Err(error) => stored.again(&error),
            }
        }
        let since = &mailer.tally.unreachable_since;
        match unreached {
            None => {
                reached.over();
                since.store(0, Ordering::Relaxed);
                rest = FIRST_REST;
            }
            Some(error) => {
                reached.again(&error);
                let now = clock.now().unix().unsigned_abs();
                let _ = since.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
                rests_until = Instant::now() + rest;
                rest = (rest * 2).min(LONGEST_REST);
            }
        }
    }
}

/// One connection, and what is sent over it.
struct Lane {
    mailer: Arc<Mailer>,
    authority: Arc<Authority>,
    clock: Clock,
}

impl Lane {
    /// Sends these mails one by one. Answers what is wrong with the mail server, if something is: the other mails stay due then.
    async fn send_all(self, mails: Vec<QueuedMail>) -> Result<Option<MailError>, StoreError> {
        let mut connection = None;
        for mail in mails {
            let (store, now) = (self.authority.store(), self.clock.now());
            // Another node may have been faster.
            if !store.claim_mail(mail.id, now.saturating_add(CLAIMED_FOR), now).await? {
                continue;
            }
            if mail.expires_at <= now {
                let late = "its time was over before the mail server could be reached".to_owned();
                self.settle(&mail, MailOutcome::Refused(late)).await?;
                continue;
            }
            let sent = self.send(&mail, &mut connection).await?;
            let over = match sent {
                Ok(()) => {
                    self.settle(&mail, MailOutcome::Accepted).await?;
                    None
                }
                Err(error) => {
                    self.settle(&mail, error.outcome()).await?;
                    Some(error).filter(|error| !error.is_of_the_mail())
                }
            };
            if over.is_some() {
                return Ok(over);
            }
        }
        if let Some(connection) = connection {
            connection.close().await;
        }
        Ok(None)
    }

    async fn send(
        &self,
        mail: &QueuedMail,
        connection: &mut Option<Connection>,
    ) -> Result<Result<(), MailError>, StoreError> {
        let Some(user) = self.authority.store().find_user_by_id(mail.user).await? else {
            // With the user, the mail is gone too.
            return Ok(Err(MailError::Refused { reason: "the user was removed".to_owned() }));
        };
        let Mailer { server, postmark, .. } = &*self.mailer;
        let prepared = MailAddress::parse(&mail.recipient).map_err(MailError::from).and_then(|to| {
            let secret = self.authority.keys().mail_secret(mail);
            Ok((postmark.message(server, mail, &to, &user, secret)?, to))
        });
        let (message, to) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return Ok(Err(error)),
        };
        if connection.as_ref().is_none_or(Connection::is_over) {
            match Connection::open(server, &postmark.hello(), TO_CONNECT).await {
                Ok(opened) => *connection = Some(opened),
                Err(error) => return Ok(Err(error)),
            }
        }
        let Some(open) = connection else { return Ok(Ok(())) };
        Ok(open.send(&to, &message).await)
    }

    /// Stores what an attempt came to.
    async fn settle(&self, mail: &QueuedMail, outcome: MailOutcome) -> Result<(), StoreError> {
        let now = self.clock.now();
        let settled = settle(mail.attempts, mail.expires_at, outcome, now);
        let (id, kind, user, tally) = (mail.id, mail.kind.as_str(), mail.user, &self.mailer.tally);
        match &settled {
            MailSettled::Sent => {
                tally.sent.add_one();
                tracing::info!(mail = %id, kind, %user, "sent a mail");
            }
            MailSettled::Again { problem, .. } => {
                tally.postponed.add_one();
                tracing::warn!(mail = %id, kind, %user, code = "mail_postponed", "a mail is tried again later: {problem}");
            }
            MailSettled::Failed { problem } => {
                tally.failed.add_one();
                tracing::error!(mail = %id, kind, %user, code = "mail_failed", "a mail was given up: {problem}");
            }
        }
        self.authority.store().settle_mail(mail.id, settled, now).await
    }
}

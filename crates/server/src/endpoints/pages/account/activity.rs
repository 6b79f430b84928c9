//! The page that says what happened to an account.

use axum::response::Response;
use http::StatusCode;
use jeton_authority::UserId;
use jeton_authority::audit::{Actor, AuditEvent, AuditRecord};
use jeton_jose::Timestamp;

use super::places::{name, network};
use super::{Account, Page, sign_in};
use crate::interaction::{Errand, PageError};
use crate::pages::{ActivityPage, ShownEvent, When};

/// `GET /account/activity`
pub(crate) async fn get(errand: Errand<Account>) -> Result<Response, PageError> {
    let signed_in = match errand.user(Page::Activity.recency()) {
        Ok(signed_in) => signed_in,
        Err(wanted) => return sign_in::page(&errand, &wanted).await,
    };
    let (app, now, user) = (&errand.app, errand.app.clock.now(), signed_in.user.id);
    let mut events = Vec::new();
    for record in app.authority.own_account().events(user).await? {
        let client = match &record.subject.client {
            Some(client) => Some(name(app, client).await?),
            None => None,
        };
        events.extend(shown(&record, client.as_deref(), user, now));
    }
    let shown = ActivityPage {
        events,
        password_at: &errand.url(Page::Password),
        places_at: &errand.url(Page::Places),
        account: &errand.url(Page::Home),
    };
    Ok(errand.page(StatusCode::OK, &shown))
}

fn shown(record: &AuditRecord, client: Option<&str>, user: UserId, now: Timestamp) -> Option<ShownEvent> {
    let by = match record.actor {
        Some(Actor::Operator) => Some("by an administrator"),
        Some(Actor::User(actor)) if actor != user => Some("by an administrator"),
        _ => None,
    };
    Some(ShownEvent {
        what: in_words(record.event, client, record.subject.key.as_deref())?,
        by,
        network: record.network.map(network),
        at: When::of(record.at, now),
    })
}

/// What happened. `key` is the name of a passkey.
fn in_words(event: AuditEvent, client: Option<&str>, key: Option<&str>) -> Option<String> {
    let application = client.unwrap_or("an application");
    let passkey = || key.map_or_else(|| "A passkey".to_owned(), |name| format!("The passkey “{name}”"));
    Some(match event {
        AuditEvent::UserAdded => "The account was made".to_owned(),
        AuditEvent::UserDisabled => "The account was disabled, and you were signed out everywhere".to_owned(),
        AuditEvent::UserEnabled => "The account was enabled again".to_owned(),
        AuditEvent::UserChanged => "Your name, e-mail address or role was changed".to_owned(),
        AuditEvent::AttributesChanged => "Your profile was changed".to_owned(),
        AuditEvent::PasswordChanged => "The password was changed".to_owned(),
        AuditEvent::RefreshReplayed => {
            "An application was signed out, because somebody used an old token of it: it may have been stolen"
                .to_owned()
        }
        AuditEvent::CodeReplayed => {
            "An application was signed out, because its sign-in code was used twice: it may have been stolen"
                .to_owned()
        }
        AuditEvent::GrantRevoked => "An application was signed out".to_owned(),
        AuditEvent::UserGrantsRevoked => "You were signed out everywhere, or everywhere else".to_owned(),
        AuditEvent::SessionEnded => "A browser was signed out".to_owned(),
        AuditEvent::SignedIn => match client {
            Some(client) => format!("{client} signed you in"),
            None => "You signed in in a browser".to_owned(),
        },
        AuditEvent::SignInThrottled => {
            "Somebody typed many wrong passwords for your account, and has to wait".to_owned()
        }
        AuditEvent::ConsentGiven => format!("You allowed {application} to act for you"),
        AuditEvent::ConsentWithdrawn => format!("You removed the access of {application}"),
        AuditEvent::DeviceApproved => format!("You signed in on a device, with {application}"),
        AuditEvent::DeviceDenied => {
            format!("You refused a device that wanted to sign in, with {application}")
        }
        AuditEvent::SecondFactorAdded => "Two-step sign-in was turned on or changed".to_owned(),
        AuditEvent::SecondFactorRemoved => "Two-step sign-in was turned off".to_owned(),
        AuditEvent::SecondFactorRefused => "Somebody knew your password, but not the second step".to_owned(),
        AuditEvent::DeviceRemembered => {
            "You wanted not to be asked for the second step in a browser".to_owned()
        }
        AuditEvent::DeviceForgotten => "The second step is asked for again in a browser".to_owned(),
        AuditEvent::RecoveryCodeUsed => "A recovery code was used".to_owned(),
        AuditEvent::RecoveryCodesRenewed => "New recovery codes were made".to_owned(),
        AuditEvent::PasskeyAdded => format!("{} was added", passkey()),
        AuditEvent::PasskeyRemoved => format!("{} was removed", passkey()),
        AuditEvent::PasskeyCounterWentBack => format!("{} may have been copied", passkey()),
        AuditEvent::RemovalRequested => "You asked for your account to be deleted".to_owned(),
        AuditEvent::RemovalCancelled => "You chose to keep your account".to_owned(),
        _ => return None,
    })
}

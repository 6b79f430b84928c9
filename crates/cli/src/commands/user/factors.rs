//! `jeton user factors`: what a user proves their identity with besides the password.

use jeton_authority::accounts::Accounts;
use jeton_authority::audit::Actor;
use jeton_authority::authenticators::Authenticators;
use serde::Serialize;

use super::refused;
use crate::failure::Failure;
use crate::output::{self, Style};
use crate::{clock, words};

/// Factors as they are shown.
#[derive(Serialize)]
struct Shown {
    username: String,
    /// Whether one of them is required after the password.
    two_step: bool,
    factors: Vec<ShownFactor>,
    recovery_codes_left: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<usize>,
}

#[derive(Serialize)]
struct ShownFactor {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    added_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_at: Option<String>,
}

impl Shown {
    fn of(username: &str, factors: &Authenticators) -> Self {
        let app = factors.totp.iter().map(|totp| ShownFactor {
            kind: "totp",
            name: None,
            added_at: words::date(totp.added_at),
            used_at: Some(words::date(totp.used_at)),
        });
        let passkeys = factors.passkeys.iter().map(|passkey| ShownFactor {
            kind: "passkey",
            name: Some(passkey.name.to_string()),
            added_at: words::date(passkey.added_at),
            used_at: passkey.used_at.map(words::date),
        });
        Self {
            username: username.to_owned(),
            two_step: factors.is_two_step(),
            factors: app.chain(passkeys).collect(),
            recovery_codes_left: factors.recovery_codes_left(),
            removed: None,
        }
    }

    fn lines(&self) -> String {
        if self.factors.is_empty() {
            return format!("{} has a password only", output::printable(&self.username));
        }
        let factors = self.factors.iter().map(|factor| {
            let kind = match &factor.name {
                Some(name) => format!("passkey {}", output::printable(name)),
                None => "authenticator app".to_owned(),
            };
            let used =
                factor.used_at.as_ref().map_or("never used".to_owned(), |at| format!("last used {at}"));
            format!("{kind}, added {}, {used}", factor.added_at)
        });
        let left = self.two_step.then(|| format!("recovery codes, {} left", self.recovery_codes_left));
        factors.chain(left).collect::<Vec<_>>().join("\n")
    }
}

pub(super) async fn show(accounts: &Accounts, name: &str, style: Style) -> Result<(), Failure> {
    let user = accounts.find(name).await.map_err(refused)?;
    let factors = accounts.authenticators(&user).await.map_err(refused)?;
    let shown = Shown::of(user.username.as_str(), &factors);
    style.print(&shown, || shown.lines())
}

pub(super) async fn remove(accounts: &Accounts, name: &str, style: Style) -> Result<(), Failure> {
    let user = accounts.find(name).await.map_err(refused)?;
    let removed = accounts.remove_authenticators(&user, Actor::Operator, clock::now()).await;
    let removed = Shown::of("", &removed.map_err(refused)?).factors.len();
    let none = Authenticators::default();
    let shown = Shown { removed: Some(removed), ..Shown::of(user.username.as_str(), &none) };
    style.print(&shown, || {
        let name = output::printable(user.username.as_str());
        match removed {
            0 => format!("{name} has a password only"),
            _ => format!(
                "removed the passkeys and the second step of {name}; the password alone signs them in again"
            ),
        }
    })
}

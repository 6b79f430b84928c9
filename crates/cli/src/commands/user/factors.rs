//! `jeton user factors`: the second factors of a user.

use jeton_authority::accounts::Accounts;
use jeton_authority::audit::Actor;
use jeton_authority::authenticators::Authenticators;
use serde::Serialize;

use super::refused;
use crate::failure::Failure;
use crate::output::{self, Style};
use crate::{clock, words};

/// Second factors as they are shown.
#[derive(Serialize)]
struct Shown {
    username: String,
    second_factors: Vec<ShownFactor>,
    recovery_codes_left: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<usize>,
}

#[derive(Serialize)]
struct ShownFactor {
    #[serde(rename = "type")]
    kind: &'static str,
    added_at: String,
    used_at: String,
}

impl Shown {
    fn of(username: &str, factors: &Authenticators) -> Self {
        let app = factors.totp.iter().map(|totp| ShownFactor {
            kind: "totp",
            added_at: words::date(totp.added_at),
            used_at: words::date(totp.used_at),
        });
        Self {
            username: username.to_owned(),
            second_factors: app.collect(),
            recovery_codes_left: factors.recovery_codes_left(),
            removed: None,
        }
    }

    fn lines(&self) -> String {
        if self.second_factors.is_empty() {
            return format!("{} has no second factor", output::printable(&self.username));
        }
        let factors = self.second_factors.iter().map(|factor| {
            format!("authenticator app, added {}, last used {}", factor.added_at, factor.used_at)
        });
        let left = format!("recovery codes, {} left", self.recovery_codes_left);
        factors.chain([left]).collect::<Vec<_>>().join("\n")
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
    let removed = removed.map_err(refused)?.factors().len();
    let none = Authenticators::default();
    let shown = Shown { removed: Some(removed), ..Shown::of(user.username.as_str(), &none) };
    style.print(&shown, || {
        let name = output::printable(user.username.as_str());
        match removed {
            0 => format!("{name} has no second factor"),
            _ => format!("removed the second factors of {name}; the password alone signs them in again"),
        }
    })
}

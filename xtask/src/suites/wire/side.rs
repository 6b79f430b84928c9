//! One of the two servers, with whatever tokens the rows ask for.

use std::cell::RefCell;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::PASSWORD;
use super::rows::Row;
use crate::rig::http::{Answer, Client};
use crate::rig::jeton::{TokenPair, sign_in};
use crate::rig::jwt;

/// Enables or disables a user: name and `enable` or `disable`.
type Switch<'a> = Box<dyn Fn(&str, &str) -> Result<()> + 'a>;

/// A server and a user of it.
pub(super) struct Side<'a> {
    client: &'a Client,
    username: String,
    password: String,
    switch: Switch<'a>,
    expired: RefCell<Option<TokenPair>>,
}

impl<'a> Side<'a> {
    /// A server with the people of the Django project.
    pub(super) fn new(client: &'a Client, switch: Switch<'a>) -> Self {
        let (username, password) = ("ada".to_owned(), PASSWORD.to_owned());
        Self { client, username, password, switch, expired: RefCell::default() }
    }

    /// The demo, which has a single user.
    pub(super) fn of_demo(client: &'a Client, username: &str, password: &str) -> Self {
        let switch: Switch<'a> = Box::new(|_, _| bail!("the demo's user is not disabled"));
        Self {
            client,
            username: username.to_owned(),
            password: password.to_owned(),
            switch,
            expired: RefCell::default(),
        }
    }

    /// Takes the tokens that stand for expired ones once their lifetime has passed.
    pub(super) fn let_tokens_expire(&self) -> Result<()> {
        *self.expired.borrow_mut() = Some(self.pair()?);
        Ok(())
    }

    /// The tokens of a fresh sign-in.
    pub(super) fn pair(&self) -> Result<TokenPair> {
        TokenPair::of(sign_in(self.client, &self.username, &self.password)?)
    }

    /// Sends the request of a row, its tokens filled in.
    pub(super) fn ask(&self, row: &Row) -> Result<Answer> {
        let (header, body) = (self.fill(row.header)?, self.fill(row.body)?);
        let headers: Vec<(&str, &str)> = header.split_once(": ").into_iter().collect();
        self.client.send(row.method, row.path, &headers, &body)
    }

    fn fill(&self, text: &str) -> Result<String> {
        const KINDS: [&str; 9] = [
            "access",
            "refresh",
            "expired access",
            "expired refresh",
            "tampered access",
            "tampered refresh",
            "unsigned access",
            "signed out",
            "disabled",
        ];
        let mut filled = text.to_owned();
        for kind in KINDS {
            let place = format!("{{{kind}}}");
            if filled.contains(&place) {
                filled =
                    filled.replace(&place, &self.token(kind).with_context(|| format!("a token: {kind}"))?);
            }
        }
        Ok(filled)
    }

    fn token(&self, kind: &str) -> Result<String> {
        let expired = || self.expired.borrow().clone().context("nothing has expired yet");
        Ok(match kind {
            "access" => self.pair()?.access,
            "refresh" => self.pair()?.refresh,
            "expired access" => expired()?.access,
            "expired refresh" => expired()?.refresh,
            "tampered access" => jwt::tampered(&self.pair()?.access, "user_id", &json!("2"))?,
            "tampered refresh" => jwt::tampered(&self.pair()?.refresh, "user_id", &json!("2"))?,
            "unsigned access" => unsigned(&self.pair()?.access),
            "signed out" => {
                let refresh = self.pair()?.refresh;
                self.client.post("/api/token/blacklist/", &json!({ "refresh": refresh }))?.expect(200)?;
                refresh
            }
            "disabled" => {
                (self.switch)("carol", "enable")?;
                let pair = TokenPair::of(sign_in(self.client, "carol", PASSWORD)?)?;
                (self.switch)("carol", "disable")?;
                pair.refresh
            }
            _ => bail!("no such kind"),
        })
    }
}

/// The token with `alg: none` and no signature.
fn unsigned(token: &str) -> String {
    let claims = token.split('.').nth(1).unwrap_or_default();
    format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#))
}

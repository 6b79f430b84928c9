//! One session as its client sees it: the token it holds, and what an answer may say.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};

use super::http::{Answer, Client};
use super::jeton::{TokenPair, refresh};
use super::{expect, jwt};

/// A promise that an answer broke, in words.
#[derive(Debug)]
pub(crate) enum Violation {
    /// The session was refused.
    Lost(String),
    /// The session has two continuations.
    Forked(String),
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Lost(words) | Self::Forked(words)) = self;
        f.write_str(words)
    }
}

impl std::error::Error for Violation {}

/// A session and everything that was acknowledged to it.
#[derive(Debug)]
pub(crate) struct Session {
    name: String,
    grant: String,
    generation: u64,
    /// Each generation's token, as it was answered.
    tokens: BTreeMap<u64, String>,
    /// How often it was answered.
    pub(crate) answers: u64,
    /// How many of its requests were not.
    pub(crate) unanswered: u64,
}

impl Session {
    /// A session that starts with this refresh token.
    pub(crate) fn open(name: String, refresh_token: String) -> Result<Self> {
        let (grant, generation) = identify(&refresh_token)?;
        let tokens = BTreeMap::from([(generation, refresh_token)]);
        Ok(Self { name, grant, generation, tokens, answers: 0, unanswered: 0 })
    }

    /// What it is called in a failure.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The grant that it is, as the database names it.
    pub(crate) fn grant(&self) -> &str {
        &self.grant
    }

    /// The generation that the client holds.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// The refresh token that the client holds.
    pub(crate) fn refresh_token(&self) -> &str {
        &self.tokens[&self.generation]
    }

    /// Takes the answer to a refresh with the token held; answers whether the session advanced.
    ///
    /// # Errors
    /// When the answer breaks a promise.
    pub(crate) fn take(&mut self, answer: Answer) -> Result<bool, Violation> {
        if answer.status != 200 {
            let said = answer.line();
            return Err(Violation::Lost(format!(
                "{} was lost at generation {}: {said}",
                self.name, self.generation
            )));
        }
        let (token, generation) =
            self.continuation(answer).map_err(|error| Violation::Forked(format!("{error:#}")))?;
        let advanced = generation > self.generation;
        self.generation = generation;
        self.answers += 1;
        self.tokens.insert(generation, token);
        // Older ones can never be answered again.
        self.tokens.retain(|known, _| known + 2 > generation);
        Ok(advanced)
    }

    /// The token of an answer that goes on from what is known, and its generation.
    fn continuation(&self, answer: Answer) -> Result<(String, u64)> {
        let token = TokenPair::of(answer)?.refresh;
        let (grant, generation) = identify(&token)?;
        let (name, held) = (&self.name, self.generation);
        ensure!(grant == self.grant, "{name} was answered with the grant of another");
        ensure!(generation >= held, "{name} held generation {held} and was given {generation}");
        ensure!(generation <= held + 1, "{name} leapt from generation {held} to {generation}");
        let known = self.tokens.get(&generation).is_none_or(|known| *known == token);
        ensure!(known, "{name} has two tokens of generation {generation}");
        Ok((token, generation))
    }

    /// Sends the token before the one held, as if the last answer had been lost.
    ///
    /// # Errors
    /// When the answer is not the very token held.
    pub(crate) fn retry_once_more(&self, client: &Client) -> Result<()> {
        let before = self.generation.checked_sub(1).and_then(|generation| self.tokens.get(&generation));
        let Some(before) = before else { bail!("{} never advanced", self.name) };
        let again = TokenPair::of(refresh(client, before)?)?.refresh;
        expect(again == self.refresh_token(), || {
            format!(
                "{} was acknowledged a token of generation {} that is not the stored one",
                self.name, self.generation
            )
        })
    }
}

/// The grant and the generation that a refresh token names.
fn identify(refresh_token: &str) -> Result<(String, u64)> {
    let claims = jwt::decode(refresh_token)?.claims;
    Ok((claims.text("sid")?.to_owned(), claims.number("gen")?))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::{Answer, Session};

    fn token(generation: u64, minted_at: u64) -> String {
        let claims = json!({"sid": "grant", "gen": generation, "iat": minted_at}).to_string();
        format!("e30.{}.", URL_SAFE_NO_PAD.encode(claims))
    }

    fn session(generation: u64) -> Session {
        Session::open("it".to_owned(), token(generation, 0)).expect("a session")
    }

    fn answer(status: u16, refresh: &str) -> Answer {
        let body = json!({"access": "a", "refresh": refresh}).to_string();
        Answer { status, headers: Vec::new(), body }
    }

    #[test]
    fn the_next_generation_and_the_same_token_again_are_honest_answers() {
        let mut session = session(3);
        assert_eq!(session.take(answer(200, &token(4, 9))).ok(), Some(true));
        assert_eq!(session.take(answer(200, &token(4, 9))).ok(), Some(false));
    }

    #[test]
    fn a_second_token_of_one_generation_is_a_fork() {
        let mut session = session(3);
        session.take(answer(200, &token(4, 9))).expect("honest");
        let violation = session.take(answer(200, &token(4, 10))).expect_err("a fork");
        assert_eq!(violation.to_string(), "it has two tokens of generation 4");
    }

    #[test]
    fn going_back_leaping_and_refusing_are_violations() {
        assert!(session(3).take(answer(200, &token(2, 0))).is_err());
        assert!(session(3).take(answer(200, &token(5, 0))).is_err());
        assert!(session(3).take(answer(401, "")).is_err());
    }
}

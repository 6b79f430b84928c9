//! One session as its client sees it: the token it holds, and what an answer may say.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use super::http::{Answer, Client};
use super::jeton::{TokenPair, refresh};
use super::{expect, jwt};

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

    /// The refresh token that the client holds.
    pub(crate) fn refresh_token(&self) -> &str {
        &self.tokens[&self.generation]
    }

    /// Takes the answer to a refresh with the token held; answers whether the session advanced.
    ///
    /// # Errors
    /// When the answer breaks a promise: the violation in words.
    pub(crate) fn take(&mut self, answer: Answer) -> Result<bool> {
        if answer.status != 200 {
            bail!("{} was lost at generation {}: {}", self.name, self.generation, answer.line());
        }
        let token = TokenPair::of(answer)?.refresh;
        let (grant, generation) = identify(&token)?;
        expect(grant == self.grant, || format!("{} was answered with the grant of another", self.name))?;
        if generation < self.generation {
            bail!("{} held generation {} and was given {generation}", self.name, self.generation);
        }
        if generation > self.generation + 1 {
            bail!("{} leapt from generation {} to {generation}", self.name, self.generation);
        }
        if let Some(known) = self.tokens.get(&generation) {
            expect(*known == token, || format!("{} has two tokens of generation {generation}", self.name))?;
        }
        let advanced = generation > self.generation;
        self.generation = generation;
        self.answers += 1;
        self.tokens.insert(generation, token);
        // Older ones can never be answered again.
        self.tokens.retain(|known, _| known + 2 > generation);
        Ok(advanced)
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

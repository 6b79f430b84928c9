//! Requests that create something, with an `Idempotency-Key`.

use http::{HeaderName, HeaderValue};
use jeton_authority::ShownDigest;
use jeton_authority::idempotency::{KeptAnswer, MAX_IDEMPOTENCY_KEY, Repeated};
use serde_json::Value;

use super::call::{Answer, Call};
use super::problem::{Problem, Refusal};
use super::routes::Route;

/// The header with the key (draft-ietf-httpapi-idempotency-key-header).
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Executes a request once, however often it is sent with its key. A request without one is executed each time.
pub(super) async fn execute(call: &mut Call<'_>, route: &Route) -> Result<Answer, Problem> {
    let Some(key) = key(call)? else { return (route.run)(call).await };
    let body = Value::Object(call.members.clone()).to_string();
    let digest = ShownDigest::of([route.method().as_str(), route.path, call.id(), &body]).to_text();
    let app = call.app;
    let (idempotency, user, now) = (app.authority.idempotency(), call.by.user.id, call.now);
    let execution = match idempotency.begin(user, &key, &digest, now).await? {
        Repeated::First(execution) => execution,
        Repeated::Answered(kept) => return Ok(answer(kept)),
        Repeated::InProgress => return Err(Refusal::IdempotencyInProgress.into()),
        Repeated::OtherRequest => return Err(Refusal::IdempotencyKeyReused.into()),
        Repeated::TooOften => return Err(Refusal::IdempotencyTooOften.into()),
    };
    match (route.run)(call).await {
        Ok(answer) => {
            // It is done, and whoever asked for it has to hear so even if it cannot be remembered.
            if let Err(error) = idempotency.keep(execution, &kept(&answer), now).await {
                tracing::warn!(code = error.code(), "the answer to an Idempotency-Key was not kept: {error}");
            }
            Ok(answer)
        }
        Err(problem) => {
            if let Err(error) = idempotency.give_up(execution, now).await {
                tracing::warn!(code = error.code(), "an Idempotency-Key was not released: {error}");
            }
            Err(problem)
        }
    }
}

fn key(call: &Call<'_>) -> Result<Option<String>, Problem> {
    let mut values = call.headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().ok().filter(|_| values.next().is_none());
    let text = text.filter(|text| (1..=MAX_IDEMPOTENCY_KEY).contains(&text.len()));
    text.map(|text| Some(text.to_owned())).ok_or_else(|| Refusal::IdempotencyKey.into())
}

fn kept(answer: &Answer) -> KeptAnswer {
    KeptAnswer {
        status: answer.status.as_u16(),
        headers: answer.headers.iter().map(|(name, value)| (name.to_string(), value.clone())).collect(),
        body: answer.body.clone().unwrap_or_default(),
    }
}

fn answer(kept: KeptAnswer) -> Answer {
    let headers = kept.headers.into_iter().filter_map(|(name, value)| {
        HeaderValue::try_from(value.as_str()).ok()?;
        Some((HeaderName::try_from(name).ok()?, value))
    });
    Answer {
        status: http::StatusCode::from_u16(kept.status).unwrap_or(http::StatusCode::OK),
        headers: headers.collect(),
        body: Some(kept.body),
    }
}

//! The challenges of a refusal: the `WWW-Authenticate` headers.

use http::HeaderValue;
use jeton_jose::Algorithm;
use jeton_oauth::{BearerChallenge, BearerError, Realm, Scope};

use crate::refusal::Reason;

/// The common parts of one guard's challenges.
#[derive(Debug)]
pub(crate) struct Challenges {
    realm: Realm,
    /// The supported algorithms of proofs; `None` if the guard does not check proofs.
    algorithms: Vec<Algorithm>,
    resource_metadata: Option<Realm>,
}

impl Challenges {
    pub(crate) const fn new(
        realm: Realm,
        algorithms: Vec<Algorithm>,
        resource_metadata: Option<Realm>,
    ) -> Self {
        Self { realm, algorithms, resource_metadata }
    }

    /// The challenges of a refusal. A request without credentials gets one for every scheme, any other request only
    /// one for the right scheme.
    pub(crate) fn of(&self, error: Option<BearerError>, reason: Reason, scope: Scope) -> Vec<HeaderValue> {
        let mut challenge = BearerChallenge::new(self.realm.clone()).scope(scope);
        if let Some(url) = &self.resource_metadata {
            challenge = challenge.resource_metadata(url.clone());
        }
        if let Some(error) = error {
            challenge = challenge.error(error).error_description(reason.description());
        }
        let by_dpop = || challenge.clone().by_dpop(self.algorithms.iter().copied());
        let challenges = match error {
            _ if self.algorithms.is_empty() => vec![challenge],
            None => vec![by_dpop(), challenge],
            Some(_) if reason.is_about_proofs() => vec![by_dpop()],
            Some(_) => vec![challenge],
        };
        let header = |challenge: BearerChallenge| {
            HeaderValue::try_from(challenge.to_string()).expect("a challenge is printable ASCII")
        };
        challenges.into_iter().map(header).collect()
    }
}

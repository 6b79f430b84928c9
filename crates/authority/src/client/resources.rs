//! The resources that a client may request tokens for (RFC 8707).

use jeton_oauth::{ErrorCode, is_same_resource};

use super::{Client, ClientSource};
use crate::refusal::Refusal;
use crate::settings::Settings;

/// The largest number of resources in one request.
const MAX_RESOURCES: usize = 8;

impl Client {
    /// Checks the requested resources (RFC 8707 §2).
    pub(crate) fn permitted_resources(
        &self,
        settings: &Settings,
        asked: &[&str],
    ) -> Result<Vec<Box<str>>, Refusal> {
        if asked.len() > MAX_RESOURCES {
            return Err(Refusal::new(ErrorCode::InvalidTarget, "too many resources"));
        }
        let mut permitted: Vec<Box<str>> = Vec::with_capacity(asked.len());
        for asked in asked {
            let Some(resource) = self.permitted_resource(settings, asked) else {
                return Err(Refusal::new(ErrorCode::InvalidTarget, "the client may not use the resource"));
            };
            if !permitted.iter().any(|before| **before == *resource) {
                permitted.push(resource.into());
            }
        }
        Ok(permitted)
    }

    /// The resource that a client means (RFC 8707), in the operator's spelling, which is how the API identifies
    /// itself. `None` if the client may not have tokens for it.
    pub(crate) fn permitted_resource<'a>(&'a self, settings: &'a Settings, asked: &str) -> Option<&'a str> {
        // Nobody decided about a client that came by itself, but about all of them.
        let of_all: &[String] = match self.policy.source {
            ClientSource::Operator => &[],
            _ => &settings.client.registration_resources,
        };
        let known = self.policy.resources.iter().chain(of_all).chain([&settings.access.audience]);
        known_as(known.map(String::as_str), asked)
    }
}

/// The spelling of a resource among the known ones.
pub(crate) fn known_as<'a>(known: impl Iterator<Item = &'a str> + Clone, asked: &str) -> Option<&'a str> {
    known
        .clone()
        .find(|known| *known == asked)
        .or_else(|| known.clone().find(|known| is_same_resource(known, asked)))
}

//! What a token must say, and at what time.

use std::time::Duration;

use clap::Args;
use jeton_jose::jwt::{Audience, Issuer, TokenType, Verifier};
use jeton_jose::{KeySet, Timestamp};

use super::duration;
use super::explain::Clock;
use crate::clock;
use crate::failure::Failure;

/// The flags that `jwt verify` and `jwt sd verify` share.
#[derive(Debug, Args)]
pub(super) struct Policy {
    /// Required issuer; repeat to accept any of several names of one issuer
    #[arg(long)]
    pub(super) iss: Vec<String>,
    /// Allowed clock skew, at most 10m
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "30s")]
    pub(super) leeway: Duration,
    /// Verify as of this time, in seconds since 1970 [default: now]
    #[arg(long, value_name = "UNIX-TIME", allow_negative_numbers = true)]
    at: Option<i64>,
    /// Accept a token that never expires
    #[arg(long)]
    allow_no_exp: bool,
    /// Accept this header name in `crit`; processing it is up to you; may be repeated
    #[arg(long, value_name = "NAME")]
    understands: Vec<String>,
    /// Largest accepted token (bytes)
    #[arg(long, value_name = "BYTES", default_value_t = Verifier::DEFAULT_MAX_LEN)]
    pub(super) max_size: usize,
}

impl Policy {
    /// The time of the check, and by which clock.
    pub(super) fn time(&self) -> Result<(Timestamp, Clock), Failure> {
        if self.leeway > Verifier::MAX_LEEWAY {
            return Err(Failure::usage("--leeway is at most 10m"));
        }
        time(self.at)
    }

    /// The verifier that checks all this.
    pub(super) fn verifier(
        &self,
        issuers: &[String],
        audiences: &[String],
        typ: TokenType,
        keys: KeySet,
    ) -> Verifier {
        let issuer = if issuers.is_empty() { Issuer::any() } else { Issuer::one_of(issuers) };
        let audience = if audiences.is_empty() { Audience::any() } else { Audience::one_of(audiences) };
        let verifier =
            Verifier::new(issuer, audience, keys).typ(typ).leeway(self.leeway).max_len(self.max_size);
        let verifier = self.understands.iter().cloned().fold(verifier, Verifier::understands);
        if self.allow_no_exp { verifier.allow_missing_exp() } else { verifier }
    }
}

/// Who the token must be from: those of `--iss`, else the one of `--issuer`.
pub(super) fn issuers(named: &[String], issuer: Option<&str>) -> Vec<String> {
    if named.is_empty() { issuer.into_iter().map(str::to_owned).collect() } else { named.to_vec() }
}

/// The time of `--at`, or this machine's.
pub(super) fn time(at: Option<i64>) -> Result<(Timestamp, Clock), Failure> {
    match at {
        Some(at) => Timestamp::try_from_unix(at)
            .map(|at| (at, Clock::Given))
            .ok_or_else(|| Failure::usage("--at must be between the years 1970 and 9999")),
        None => Ok((clock::now(), Clock::Machine)),
    }
}

//! `jeton client registration-token`: what applications register themselves with, where `client.registration` is `token`.

use std::time::Duration;

use clap::Subcommand;
use jeton_authority::{MAX_REGISTRATION_TOKEN_USES, SystemRandom, add_registration_token};

use super::failed;
use crate::config::Config;
use crate::data::Data;
use crate::failure::Failure;
use crate::output::Style;
use crate::{clock, words};

#[derive(Debug, Subcommand)]
pub(super) enum RegistrationToken {
    /// Make a token, and show it once
    New {
        /// How many clients may be registered with it
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_REGISTRATION_TOKEN_USES)))]
        uses: u32,
        /// How long it is valid, such as 1h or 7d
        #[arg(long, default_value = "1d", value_parser = lifetime)]
        lifetime: Duration,
    },
}

/// The longest that a token may be good for.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

fn lifetime(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(lifetime) if (Duration::from_secs(1)..=LONGEST).contains(&lifetime) => Ok(lifetime),
        _ => Err("expected a duration between 1s and 366d".to_owned()),
    }
}

impl RegistrationToken {
    pub(super) async fn run(self, config: &Config, style: Style) -> Result<(), Failure> {
        let Self::New { uses, lifetime } = self;
        let store = Data::open(config).await?.store;
        let now = clock::now();
        let expires_at = now.saturating_add(lifetime);
        let token = add_registration_token(&*store, &SystemRandom, uses, expires_at, now).await;
        let token = token.map_err(failed)?;
        let ends = words::date(expires_at);
        let document =
            serde_json::json!({"initial_access_token": token.expose(), "uses": uses, "expires_at": ends});
        style.print(&document, || match uses {
            1 => format!(
                "an initial access token for one registration until {ends}, shown only once: {}",
                token.expose()
            ),
            uses => {
                format!(
                    "an initial access token for {uses} registrations until {ends}, shown only once: {}",
                    token.expose()
                )
            }
        })
    }
}

//! The metrics, and where each comes from. All labels come from fixed lists or from the operator's keys, never from a request.

use std::sync::atomic::Ordering;

use jeton_authority::keys::lifecycle::KeyState;
use jeton_authority::store::StoreFigures;
use jeton_authority::tally::{RefreshOutcome, SignInOutcome};

use super::text::{Kind, Text};
use super::{Watched, process};
use crate::app::App;
use crate::mail::MailTally;
use crate::tally::{Endpoint, Outcome};

/// About how long the text becomes.
const BYTES: usize = 64 * 1024;

pub(super) fn collect(watched: &Watched) -> String {
    let mut text = Text::with_capacity(BYTES);
    text.metric("jeton_build_info", Kind::Gauge, "The version of Jeton, as a label.")
        .sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    let service = watched.start_up.service();
    let started = u8::from(service.is_some());
    text.single(
        "jeton_started",
        Kind::Gauge,
        "Whether the server has opened its database and its keys.",
        started,
    );
    process::write(&mut text, watched.started_at.unix());
    if let Some(connections) = watched.start_up.connections() {
        let (open, limit) = connections.count_and_limit();
        text.single("jeton_connections", Kind::Gauge, "Open connections of clients.", open);
        text.single("jeton_connections_limit", Kind::Gauge, "How many connections there may be.", limit);
    }
    if let Some(tls) = &watched.tls {
        text.single(
            "jeton_certificate_not_after_timestamp_seconds",
            Kind::Gauge,
            "When the certificate of the listeners expires.",
            tls.not_after().unix(),
        );
    }
    if let Some(hashing) = watched.hashing.get() {
        write_hashing(&mut text, &hashing.read());
    }
    if let Some(log) = &watched.log {
        let help = "Log lines that could not be written.";
        text.single("jeton_log_lines_lost_total", Kind::Counter, help, log.lost());
    }
    if let Some(service) = service {
        write_service(&mut text, service.app());
    }
    text.into_string()
}

fn write_hashing(text: &mut Text, hashing: &crate::machine::hashing::HashingRead) {
    let single = |text: &mut Text, name, help, value| text.single(name, Kind::Gauge, help, value);
    single(text, "jeton_hash_queue_length", "Passwords that wait to be hashed.", hashing.waiting);
    single(
        text,
        "jeton_hash_queue_limit",
        "How many passwords may wait to be hashed.",
        hashing.waiting_limit,
    );
    single(text, "jeton_hash_threads", "Threads that hash passwords.", hashing.threads);
    let help = "Passwords that were turned away because too many waited.";
    text.single("jeton_hash_turned_away_total", Kind::Counter, help, hashing.turned_away);
    text.metric("jeton_hash_duration_seconds", Kind::Histogram, "How long hashing a password took.")
        .durations(&[], &hashing.durations);
}

fn write_service(text: &mut Text, app: &App) {
    write_requests(text, app);
    write_outcomes(text, app);
    write_store(text, app, &app.authority.store().figures());
    write_feed(text, app);
    write_keys(text, app);
    write_sweep(text, app);
    if let Some(mailer) = &app.mailer {
        write_mail(text, &mailer.tally);
    }
}

fn write_mail(text: &mut Text, tally: &MailTally) {
    let help = "Mails that this node tried to send, by outcome.";
    let mut metric = text.metric("jeton_mails_total", Kind::Counter, help);
    for (outcome, count) in
        [("sent", &tally.sent), ("postponed", &tally.postponed), ("failed", &tally.failed)]
    {
        metric.sample(&[("outcome", outcome)], count.get());
    }
    let help = "Since when the mail server could not be reached; 0 while it can be.";
    let since = tally.unreachable_since.load(Ordering::Relaxed);
    text.single("jeton_mail_unreachable_since_timestamp_seconds", Kind::Gauge, help, since);
}

fn write_requests(text: &mut Text, app: &App) {
    let mut metric =
        text.metric("jeton_http_requests_total", Kind::Counter, "Requests by endpoint and outcome.");
    for endpoint in Endpoint::ALL {
        for outcome in Outcome::ALL {
            let labels = [("endpoint", endpoint.as_str()), ("outcome", outcome.as_str())];
            metric.sample(&labels, app.requests.outcomes(*endpoint, *outcome));
        }
    }
    let help = "How long requests took until the response began.";
    let mut metric = text.metric("jeton_http_request_duration_seconds", Kind::Histogram, help);
    for endpoint in Endpoint::ALL {
        metric.durations(&[("endpoint", endpoint.as_str())], &app.requests.durations(*endpoint));
    }
}

fn write_outcomes(text: &mut Text, app: &App) {
    let tally = app.authority.tally();
    let mut metric = text.metric(
        "jeton_refreshes_total",
        Kind::Counter,
        "Genuine refresh tokens that were presented, by what became of them.",
    );
    for outcome in RefreshOutcome::ALL {
        metric.sample(&[("verdict", outcome.as_str())], tally.refreshes(*outcome));
    }
    let mut metric =
        text.metric("jeton_sign_ins_total", Kind::Counter, "Passwords that were presented, by outcome.");
    for outcome in SignInOutcome::ALL {
        metric.sample(&[("outcome", outcome.as_str())], tally.sign_ins(*outcome));
    }
}

fn write_store(text: &mut Text, app: &App, figures: &StoreFigures) {
    let help = "Whether the store could be read when it was last asked, which is every second.";
    text.single("jeton_store_reachable", Kind::Gauge, help, u8::from(app.store_is_reachable()));
    text.single(
        "jeton_store_queue_length",
        Kind::Gauge,
        "Operations that wait for the store.",
        figures.waiting,
    );
    let help = "How many operations may wait for the store.";
    text.single("jeton_store_queue_limit", Kind::Gauge, help, figures.waiting_limit);
    let help = "Operations of the store.";
    text.single("jeton_store_operations_total", Kind::Counter, help, figures.operations);
    text.metric("jeton_store_commit_duration_seconds", Kind::Histogram, "How long commits took.")
        .durations(&[], &figures.commits);
    let help = "Operations of the store that failed, or whose outcome is unknown.";
    text.single("jeton_store_failures_total", Kind::Counter, help, figures.failures);
    let help = "Changes of which it is not known whether they were made: no standby confirmed them, or another server took over.";
    text.single("jeton_store_unknown_outcomes_total", Kind::Counter, help, figures.unknown_outcomes);
    if let Some(connections) = figures.connections {
        let help = "Connections to the database that are in use.";
        text.single("jeton_store_connections_used", Kind::Gauge, help, connections.used);
        let help = "How many connections to the database there may be.";
        text.single("jeton_store_connections_limit", Kind::Gauge, help, connections.limit);
    }
    if let Some(reading) = app.clocks.reading() {
        let help = "By how many seconds the clock of this node is ahead of the clock of the database.";
        text.single("jeton_clock_ahead_seconds", Kind::Gauge, help, reading.seconds_ahead());
    }
    let help = "Whether the clock of this node differs too much from the clock of the database.";
    text.single("jeton_clock_disagrees", Kind::Gauge, help, u8::from(app.clocks.disagrees()));
    let help = "Whether the server is about to stop.";
    text.single("jeton_stopping", Kind::Gauge, help, u8::from(app.readiness.is_leaving()));
}

fn write_feed(text: &mut Text, app: &App) {
    let feed = app.feed.figures();
    text.single("jeton_feed_readers", Kind::Gauge, "Readers of the revocation feed.", feed.readers);
    let help = "How many readers of the revocation feed there may be.";
    text.single("jeton_feed_readers_limit", Kind::Gauge, help, feed.readers_limit);
    let help = "Events of the revocation feed that were sent to the readers of this node.";
    text.single("jeton_feed_events_total", Kind::Counter, help, feed.events);
    let help = "How long ago the store was last asked for revocations; 0 without readers.";
    text.single("jeton_feed_lag_seconds", Kind::Gauge, help, format_args!("{:.3}", feed.lag.as_secs_f64()));
}

fn write_keys(text: &mut Text, app: &App) {
    let keys = app.authority.keys().overview();
    let mut metric =
        text.metric("jeton_key_state", Kind::Gauge, "The state of each published key, as a label.");
    for key in &keys {
        let alg = key.algorithm.to_string();
        let labels = [
            ("kid", key.id.as_str()),
            ("alg", &alg),
            ("use", key.purpose.as_str()),
            ("state", key.state.as_str()),
        ];
        metric.sample(&labels, 1);
    }
    let help = "When each published key was generated.";
    let mut metric = text.metric("jeton_key_created_timestamp_seconds", Kind::Gauge, help);
    for key in &keys {
        metric.sample(&[("kid", key.id.as_str())], key.created_at.unix());
    }
    let help = "From when each published key signs, unless a newer key does.";
    let mut metric = text.metric("jeton_key_signs_from_timestamp_seconds", Kind::Gauge, help);
    for key in &keys {
        metric.sample(&[("kid", key.id.as_str())], key.signs_from.unix());
    }
    let help = "Until when a superseded key is published.";
    let mut metric = text.metric("jeton_key_published_until_timestamp_seconds", Kind::Gauge, help);
    for key in &keys {
        if let KeyState::Superseded { until } = key.state {
            metric.sample(&[("kid", key.id.as_str())], until.unix());
        }
    }
}

fn write_sweep(text: &mut Text, app: &App) {
    let help = "Expired rows that this node removed, by kind.";
    let mut metric = text.metric("jeton_sweep_removed_total", Kind::Counter, help);
    for kind in app.swept.kinds() {
        metric.sample(&[("kind", kind.what.as_str())], kind.removed.get());
    }
    let help = "Whether more expired rows wait than one step removes, by kind.";
    let mut metric = text.metric("jeton_sweep_behind", Kind::Gauge, help);
    for kind in app.swept.kinds() {
        metric.sample(&[("kind", kind.what.as_str())], u8::from(kind.is_behind()));
    }
    let help = "When nothing was left to remove, by kind; 0 before the first time.";
    let mut metric = text.metric("jeton_sweep_completed_timestamp_seconds", Kind::Gauge, help);
    for kind in app.swept.kinds() {
        metric.sample(&[("kind", kind.what.as_str())], kind.completed_at());
    }
}

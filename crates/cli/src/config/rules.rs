//! The rules between keys, which no single value can break.

use std::net::IpAddr;
use std::time::Duration;

use jeton_oauth::RedirectUri;
use jeton_oauth::authorization::AuthorizationDetails;
use jeton_server::mail::Encryption;
use jeton_server::tls::AskForCertificates;

use super::problem::Problem;
use super::{Config, Source, Value, position, secrets};
use crate::words::span;

/// The smallest bound on a request head that the server can hold to.
const SMALLEST_HEADER: usize = 8192;
/// The longest time that a configuration may name, so that no date is out of reach.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 86_400);
/// The longest that a code may be redeemed (RFC 6749 §4.1.2).
const LONGEST_CODE: Duration = Duration::from_secs(600);

/// Whether a text can be a resource (RFC 8707 §2).
fn is_resource(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(letter)
            && !rest.is_empty()
            && rest.chars().all(|c| c.is_ascii_graphic() && !"\"<>\\^`{|}#".contains(c))
    })
}

/// Reports each rule that the values break together, at the value that somebody set.
pub(super) fn check(config: &Config, values: &[Value], problems: &mut Vec<Problem>) {
    let Config { authority, limits, .. } = config;
    let mut report = |keys: &[&str], text: String| problems.push(Problem::new(culprit(keys, values), text));

    for (name, lifetime) in [
        ("access.lifetime", authority.access.lifetime),
        ("refresh.idle_lifetime", authority.refresh.idle_lifetime),
        ("refresh.absolute_lifetime", authority.refresh.absolute_lifetime),
        ("session.idle_lifetime", authority.session.idle_lifetime),
        ("session.absolute_lifetime", authority.session.absolute_lifetime),
        ("authorization.request_lifetime", authority.authorization.request_lifetime),
        ("device.lifetime", authority.device.lifetime),
        ("audit.retention", authority.audit.retention),
        ("limits.handshake_time", limits.handshake_time),
        ("limits.header_time", limits.header_time),
        ("limits.body_time", limits.body_time),
        ("limits.request_time", limits.request_time),
        ("limits.keep_alive_time", limits.keep_alive_time),
    ] {
        if lifetime.is_zero() || lifetime > LONGEST {
            report(&[name], format!("{name} must be between 1s and 10 years"));
        }
    }
    if authority.keys.publish_wait > LONGEST {
        report(&["keys.publish_wait"], "keys.publish_wait may be at most 10 years".to_owned());
    }
    if authority.refresh.policy.grace >= authority.access.lifetime {
        report(
            &["refresh.grace", "access.lifetime"],
            format!(
                "refresh.grace ({}) must be shorter than access.lifetime ({})",
                span(authority.refresh.policy.grace),
                span(authority.access.lifetime)
            ),
        );
    }
    for [(name, shorter), (limit, longer)] in [
        [
            ("access.lifetime", authority.access.lifetime),
            ("refresh.idle_lifetime", authority.refresh.idle_lifetime),
        ],
        [
            ("refresh.idle_lifetime", authority.refresh.idle_lifetime),
            ("refresh.absolute_lifetime", authority.refresh.absolute_lifetime),
        ],
        [
            ("session.idle_lifetime", authority.session.idle_lifetime),
            ("session.absolute_lifetime", authority.session.absolute_lifetime),
        ],
    ] {
        if shorter > longer {
            let (shorter, longer) = (span(shorter), span(longer));
            report(&[name, limit], format!("{name} ({shorter}) must not be longer than {limit} ({longer})"));
        }
    }
    if authority.authorization.code_lifetime.is_zero() || authority.authorization.code_lifetime > LONGEST_CODE
    {
        report(
            &["authorization.code_lifetime"],
            "authorization.code_lifetime must lie between 1s and 10 minutes".to_owned(),
        );
    }
    if authority.authorization.details_size > AuthorizationDetails::MAX_LEN {
        report(&["authorization.details_size"], "authorization.details_size may be at most 8KiB".to_owned());
    }
    for (name, zero) in [
        ("authorization.details_size", authority.authorization.details_size == 0),
        ("limits.body", limits.body_bytes == 0),
        ("limits.connections", limits.connections == 0),
        ("limits.handshakes", limits.handshakes == 0),
        ("password.queue", config.password_queue == 0),
    ] {
        if zero {
            report(&[name], format!("{name} must not be 0"));
        }
    }
    for resource in &authority.client.registration_resources {
        if !is_resource(resource) {
            report(
                &["client.registration_resources"],
                format!(
                    "client.registration_resources: {resource:?} is not an absolute URI without a fragment, such as https://api.example"
                ),
            );
        }
    }
    for scheme in &authority.client.redirect_schemes {
        if !RedirectUri::is_app_scheme(scheme) {
            report(
                &["client.redirect_schemes"],
                format!("client.redirect_schemes: {scheme:?} is not a private-use scheme such as cursor"),
            );
        }
    }
    if limits.header_bytes < SMALLEST_HEADER {
        report(&["limits.header"], format!("limits.header must be at least {SMALLEST_HEADER}"));
    }
    if config.access_shared_secret.is_some() && config.access_shared_secret_file.is_some() {
        report(
            &["access.shared_secret_file", "access.shared_secret"],
            "access.shared_secret and access.shared_secret_file are both set: which one counts?".to_owned(),
        );
    }
    if config.keys_master_key.is_some() && config.keys_master_key_file.is_some() {
        report(
            &["keys.master_key_file", "keys.master_key"],
            "keys.master_key and keys.master_key_file are both set: which one counts?".to_owned(),
        );
    }
    if config.traces_endpoint.is_some() && !cfg!(feature = "otlp") {
        report(
            &["traces.endpoint"],
            "traces.endpoint needs a jeton that was built with the feature otlp".to_owned(),
        );
    }
    if let Some(metrics) = config.metrics_listen {
        for (name, other) in [("listen", Some(config.listen)), ("tls.mtls_listen", config.tls_mtls_listen)] {
            if metrics.0.port() != 0 && other.is_some_and(|other| other.0 == metrics.0) {
                report(
                    &["metrics.listen"],
                    format!("metrics.listen is the address of {name}: it needs its own"),
                );
            }
        }
    }
    check_mail(config, &mut report);
    check_access_algorithm(config, &mut report);
    check_tls(config, &mut report);
}

fn check_mail(config: &Config, report: &mut dyn FnMut(&[&str], String)) {
    if config.mail_password.is_some() && config.mail_password_file.is_some() {
        report(
            &["mail.password_file", "mail.password"],
            "mail.password and mail.password_file are both set: which one counts?".to_owned(),
        );
    }
    let has_password = config.mail_password.is_some() || config.mail_password_file.is_some();
    if config.mail_username.is_some() != has_password {
        report(
            &["mail.username", "mail.password", "mail.password_file"],
            "mail.username and a password (mail.password_file or mail.password) belong together: set both or none"
                .to_owned(),
        );
    }
    let Some(host) = &config.mail_host else {
        if config.mail_from.is_some() {
            report(&["mail.from"], "mail.from is used only where mail is sent: set mail.host".to_owned());
        }
        return;
    };
    if config.mail_from.is_none() {
        report(
            &["mail.host"],
            "mail.host also requires mail.from, the address that mail is sent from".to_owned(),
        );
    }
    if config.mail_encryption == Encryption::None && !config.mail_allow_plain_text && !is_loopback(host) {
        report(
            &["mail.encryption", "mail.host"],
            format!(
                "mail.encryption is none, and {host} is not this machine: use tls or starttls, or allow it with mail.allow_plain_text"
            ),
        );
    }
}

/// Whether a host is this machine, without asking anybody.
fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn check_tls(config: &Config, report: &mut dyn FnMut(&[&str], String)) {
    let asked_at_listen = config.tls_client_certificates == AskForCertificates::Optional;
    match (&config.tls_certificate, &config.tls_key) {
        (Some(_), Some(_)) => {
            if config.issuer.as_ref().is_some_and(|issuer| !issuer.0.starts_with("https://")) {
                report(
                    &["issuer", "tls.certificate"],
                    "issuer must be https where the authority speaks TLS itself".to_owned(),
                );
            }
        }
        (Some(_), None) => report(&["tls.certificate"], "tls.certificate also requires tls.key".to_owned()),
        (None, Some(_)) => report(&["tls.key"], "tls.key also requires tls.certificate".to_owned()),
        (None, None) => {
            for (name, set) in [
                ("tls.client_certificates", asked_at_listen),
                ("tls.mtls_listen", config.tls_mtls_listen.is_some()),
            ] {
                if set {
                    report(&[name], format!("{name} needs TLS: set tls.certificate and tls.key"));
                }
            }
        }
    }
    if config.tls_client_roots.is_some() && !config.asks_for_certificates() {
        report(
            &["tls.client_roots"],
            "tls.client_roots is used only where clients are asked for certificates: set tls.mtls_listen or tls.client_certificates".to_owned(),
        );
    }
    if config.tls_mtls_url.is_some()
        && config.tls_mtls_listen.is_none()
        && config.proxy_client_certificate_header.is_none()
    {
        report(
            &["tls.mtls_url"],
            "tls.mtls_url leads to tls.mtls_listen, or to a proxy with proxy.client_certificate_header: set one of them".to_owned(),
        );
    }
    if config.tls_mtls_listen.is_some_and(|mtls| mtls == config.listen && mtls.0.port() != 0) {
        report(
            &["tls.mtls_listen"],
            "tls.mtls_listen is the address of listen: set tls.client_certificates to ask for certificates there".to_owned(),
        );
    }
}

fn check_access_algorithm(config: &Config, report: &mut dyn FnMut(&[&str], String)) {
    let secret_keys = ["access.shared_secret", "access.shared_secret_file"];
    let has_secret = config.access_shared_secret.is_some() || config.access_shared_secret_file.is_some();
    match config.access_algorithm.map(|access| access.algorithm) {
        Some(algorithm) if algorithm.is_symmetric() && !has_secret => {
            report(
                &["access.algorithm"],
                format!(
                    "{algorithm} needs a secret shared with the APIs: set access.shared_secret_file or access.shared_secret"
                ),
            );
        }
        Some(algorithm) if algorithm.is_symmetric() => {
            let secret = config.access_shared_secret.as_ref();
            let checked =
                secret.map(|it| secrets::checked(algorithm, "access.shared_secret", it.expose().as_bytes()));
            if let Some(Err(text)) = checked {
                report(&secret_keys, text);
            }
        }
        _ if has_secret => {
            report(
                &secret_keys,
                "a shared secret is used only where access.algorithm is HS256, HS384 or HS512".to_owned(),
            );
        }
        _ => {}
    }
}

/// The place of the first of `keys` that somebody set.
pub(super) fn culprit(keys: &[&str], values: &[Value]) -> Source {
    keys.iter()
        .filter_map(|key| position(key))
        .map(|position| values[position].source.clone())
        .find(|source| *source != Source::Default)
        .unwrap_or(Source::Default)
}

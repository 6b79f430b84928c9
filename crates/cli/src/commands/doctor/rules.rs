//! What is wrong with a deployment, and what to do: functions of the observed facts.

use std::time::Duration;

use ipnet::IpNet;
use jeton_authority::ClockReading;
use jeton_authority::store::Examination;
use jeton_jose::Timestamp;
use serde::Serialize;

use super::facts::{
    Backups, BackupsFound, Certificate, Disk, Facts, IssuerFound, Key, MasterKeyPlace, Proxies, Role,
    StoredFile,
};
use crate::master_key::lets_others_read;
use crate::words;

/// By how many seconds clocks may differ without a finding.
const CLOCK_SECONDS: u64 = 2;
/// The share of a disk that must be free, in percent, and the space.
const FREE_PERCENT: u64 = 10;
const FREE_BYTES: u64 = 1 << 30;
/// How long before its end a certificate is to be renewed.
const RENEW_BEFORE: Duration = Duration::from_secs(21 * 86_400);
/// The age at which a signing key is to be rotated.
const KEY_AGE: Duration = Duration::from_secs(400 * 86_400);
/// How old the newest backup may be: a day, and one that failed.
const BACKUP_AGE: Duration = Duration::from_secs(2 * 86_400);
/// The oldest supported version of PostgreSQL.
const OLDEST_POSTGRES: u32 = 15;
/// How far a standby may be behind.
const STANDBY_LAG: Duration = Duration::from_secs(60);

/// How long a commit may wait for a standby.
const STANDBY_SILENT: Duration = Duration::from_secs(2);
/// How long a transaction may be open.
const TRANSACTION_AGE: Duration = Duration::from_secs(3600);
/// How much of the log may be kept for a slot that nobody reads, and how much may wait to be moved into a database file.
const KEPT_LOG: u64 = 1 << 30;
/// Transaction identifiers after which PostgreSQL stops taking writes.
const LAST_TRANSACTION_ID: u64 = 2_100_000_000;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    /// Something is wrong.
    Problem,
    /// Nothing is wrong yet.
    Advice,
}

/// What is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) level: Level,
    /// The stable name.
    pub(super) code: &'static str,
    /// What is wrong.
    pub(super) what: String,
    /// What to do.
    #[serde(rename = "do")]
    pub(super) remedy: String,
}

fn problem(code: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding { level: Level::Problem, code, what: what.into(), remedy: remedy.into() }
}

fn advice(code: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding { level: Level::Advice, ..problem(code, what, remedy) }
}

/// The findings about one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Subject {
    pub(super) name: &'static str,
    pub(super) findings: Vec<Finding>,
}

/// Judges all facts, subject by subject.
pub(super) fn judge(facts: &Facts) -> Vec<Subject> {
    let now = facts.now;
    let database = match &facts.database {
        Ok(examined) => database(examined, facts.nodes),
        Err(reason) => vec![problem(
            "database_unusable",
            format!("the database cannot be opened: {reason}"),
            "Start the database, or correct `database`. A server on it answers 503 meanwhile.",
        )],
    };
    [
        ("configuration", facts.warnings.iter().map(|text| configuration(text)).collect()),
        ("clock", clock(facts.clock, facts.newest_stored, now)),
        ("disk", facts.disks.iter().flat_map(disk).collect()),
        ("permissions", facts.files.iter().flat_map(permissions).collect()),
        ("master key", master_key(&facts.master_key, &facts.backups)),
        ("backups", backups(&facts.backups, now)),
        ("issuer", issuer(facts)),
        ("certificate", facts.certificates.iter().flat_map(|it| certificate(it, now)).collect()),
        ("proxy", proxies(&facts.proxies)),
        ("database", database),
        ("keys", facts.keys.iter().flat_map(|key| key_age(key, now)).collect()),
        ("secrets", facts.weak_secrets.iter().map(|(name, why)| weak_secret(name, why)).collect()),
    ]
    .into_iter()
    .map(|(name, findings)| Subject { name, findings })
    .collect()
}

fn configuration(warning: &str) -> Finding {
    let text = warning.strip_prefix("warning: ").unwrap_or(warning);
    problem("configuration", text, "Change the setting that the text names.")
}

fn clock(reading: Option<ClockReading>, newest: Option<Timestamp>, now: Timestamp) -> Vec<Finding> {
    let mut findings = vec![];
    if let Some(reading) = reading
        && reading.seconds_ahead().unsigned_abs() > CLOCK_SECONDS
    {
        let (ours, theirs) = (words::date(reading.ours.1), words::date(reading.theirs));
        findings.push(problem(
            "clock_disagrees",
            format!("this machine says {ours}, the database {theirs}"),
            "Synchronize both clocks (NTP). Beyond limits.clock_difference, a node issues nothing.",
        ));
    }
    if let Some(newest) = newest.filter(|newest| newest.unix() > now.unix().saturating_add(60)) {
        findings.push(problem(
            "clock_set_back",
            format!("a stored key is from {}, which is in the future: it is {}", words::date(newest), words::date(now)),
            "Check the clock of this machine. If it is right, the clock was ahead when the key was made: nothing to do.",
        ));
    }
    findings
}

fn disk(disk: &Disk) -> Vec<Finding> {
    let Disk { path, free, total, free_files, total_files } = disk;
    let mut findings = vec![];
    let path = path.display();
    if *free < FREE_BYTES.min(*total / 100 * FREE_PERCENT) || *free < 64 << 20 {
        let (free, total) = (free >> 20, total >> 20);
        findings.push(problem(
            "disk_full",
            format!("{path} has {free} MiB of {total} MiB left"),
            "Make room, or move the data. On a full disk, everything that writes is answered 503.",
        ));
    }
    if *total_files > 0 && *free_files < *total_files / 100 {
        findings.push(problem(
            "disk_full",
            format!("{path} has {free_files} of {total_files} inodes left"),
            "Remove small files, or move the data to another file system.",
        ));
    }
    findings
}

fn permissions(file: &StoredFile) -> Vec<Finding> {
    let StoredFile { path, role, mode, ours } = file;
    let path = path.display();
    let mut findings = vec![];
    let (is_open, wanted) = match role {
        // Others may look at the names, not at the content.
        Role::Folder => (mode & 0o022 != 0, "700"),
        Role::Secret => (lets_others_read(*mode), "600"),
        Role::Read => (mode & 0o022 != 0, "644"),
    };
    // In a folder such as /tmp only the owner of a file may replace it.
    let shared_safely = *role == Role::Folder && mode & 0o1000 != 0;
    if is_open && !shared_safely {
        let what = if mode & 0o022 != 0 { "others can write" } else { "others can read" };
        findings.push(problem(
            "permissions_open",
            format!("{what} {path} (mode {:04o})", mode & 0o7777),
            format!("chmod {wanted} {path}"),
        ));
    }
    if !ours {
        findings.push(advice(
            "owner_other",
            format!("{path} belongs to another user than the one who runs this command"),
            "Run jeton doctor as the user of the server, so that it sees what the server sees.",
        ));
    }
    findings
}

fn master_key(place: &MasterKeyPlace, backups: &Backups) -> Vec<Finding> {
    let mut findings = vec![];
    match place {
        MasterKeyPlace::Missing { path } => findings.push(problem(
            "master_key_missing",
            format!("there is no master key at {}", path.display()),
            "Restore it from its backup, or name it with keys.master_key_file. Without it, no key can be decrypted.",
        )),
        MasterKeyPlace::BesideDatabase { path } => findings.push(advice(
            "master_key_beside_data",
            format!("the master key {} is in the folder of the database that it protects", path.display()),
            "Whoever copies the folder has both. Move the key elsewhere (keys.master_key_file), or give it in JETON_KEYS_MASTER_KEY.",
        )),
        MasterKeyPlace::Elsewhere => {}
    }
    if backups.master_key.is_none() {
        findings.push(advice(
            "master_key_not_kept",
            "no backup of the master key is declared",
            "Copy the master key to a place apart from the database's backups, and say where in backup.master_key.",
        ));
    }
    findings
}

fn backups(backups: &Backups, now: Timestamp) -> Vec<Finding> {
    let Some(place) = &backups.database else {
        return vec![advice(
            "backup_not_declared",
            "no backup of the database is declared",
            "Set one up, try to restore it, and say where it is in backup.database.",
        )];
    };
    let make_one = "Make one with `jeton backup`, and find out why the last one was not made.";
    match &backups.found {
        None => vec![],
        Some(BackupsFound::Unreadable { reason }) => vec![problem(
            "backup_missing",
            format!("{place}, which backup.database names, cannot be read: {reason}"),
            "Correct backup.database. If the backups are on another machine, name it, such as backup-host:/backup.",
        )],
        Some(BackupsFound::Nothing) => {
            vec![problem("backup_missing", format!("there is no backup in {place}"), make_one)]
        }
        Some(BackupsFound::Newest { path, bytes: 0, .. }) => {
            vec![problem(
                "backup_missing",
                format!("the newest backup, {}, is empty", path.display()),
                make_one,
            )]
        }
        Some(BackupsFound::Newest { path, written_at, .. }) => {
            let age = now.saturating_since(*written_at);
            if age <= BACKUP_AGE {
                return vec![];
            }
            let when = words::relative(*written_at, now);
            vec![problem(
                "backup_old",
                format!("the newest backup, {}, was made {when}", path.display()),
                make_one,
            )]
        }
    }
}

fn issuer(facts: &Facts) -> Vec<Finding> {
    let issuer = &facts.issuer;
    let url = &issuer.url;
    let mut findings = vec![];
    if !issuer.is_set {
        findings.push(advice(
            "issuer_default",
            format!("issuer is not set, so clients know the authority as {url}"),
            "Set issuer to the URL that clients use. It cannot be changed later without a new sign-in everywhere.",
        ));
    }
    if let Some(served) = issuer.served.as_ref().filter(|served| *served != url) {
        findings.push(problem(
            "issuer_of_server",
            format!("the server that runs on this folder was started with the issuer {served}, not {url}"),
            "Give jeton doctor the configuration of the server (--config), or restart the server with this one.",
        ));
    }
    match &issuer.found {
        IssuerFound::Metadata { kids } => {
            let missing: Vec<&str> = facts
                .keys
                .iter()
                .filter(|key| key.published && !kids.contains(&key.kid))
                .map(|key| key.kid.as_str())
                .collect();
            if !missing.is_empty() {
                findings.push(problem(
                    "issuer_other_keys",
                    format!("the key set at {url} lacks keys of this database: {}", missing.join(", ")),
                    "Another authority answers there, or a proxy serves an old copy: it must not cache the key set beyond its Cache-Control.",
                ));
            }
        }
        IssuerFound::Failed { reason } => findings.push(problem(
            "issuer_unreachable",
            format!("the metadata of {url} cannot be fetched: {reason}"),
            "Start the server, and check the name, the proxy and the certificate. Clients and APIs fetch the same URL.",
        )),
    }
    findings
}

fn certificate(certificate: &Certificate, now: Timestamp) -> Vec<Finding> {
    let Certificate { place, not_after } = certificate;
    let left = not_after.unix().saturating_sub(now.unix());
    let until = words::date(*not_after);
    if left <= 0 {
        vec![problem(
            "certificate_expired",
            format!("the certificate of {place} expired at {until}"),
            "Renew it now: clients refuse to connect. A running server takes the new files by itself.",
        )]
    } else if left.unsigned_abs() < RENEW_BEFORE.as_secs() {
        vec![problem(
            "certificate_expires",
            format!("the certificate of {place} expires at {until}"),
            "Renew it, and find out why that did not happen by itself. A running server takes the new files by itself.",
        )]
    } else {
        vec![]
    }
}

fn proxies(proxies: &Proxies) -> Vec<Finding> {
    let Proxies { issuer_is_https, own_tls, trusted } = proxies;
    let mut findings = vec![];
    let everybody = |network: &&IpNet| network.prefix_len() == 0;
    if let Some(network) = trusted.iter().find(everybody) {
        findings.push(problem(
            "proxy_trusts_everybody",
            format!("proxy.trusted contains {network}, so every client can claim any address"),
            "List only the addresses of your proxies. Throttling and the audit trail rely on them.",
        ));
    }
    if *issuer_is_https && !own_tls && trusted.is_empty() {
        findings.push(problem(
            "proxy_not_trusted",
            "the issuer is https, but the server speaks plain http and trusts no proxy",
            "List the proxy in proxy.trusted. Otherwise all clients share its address, and one of them who guesses passwords slows down all.",
        ));
    }
    if *own_tls && !trusted.is_empty() {
        findings.push(advice(
            "proxy_and_own_tls",
            "the server has a certificate of its own, and also trusts proxies",
            "If no proxy stands in front of it, empty proxy.trusted.",
        ));
    }
    findings
}

fn database(examined: &Examination, nodes: Option<u32>) -> Vec<Finding> {
    let mut findings = vec![];
    if let Some(major) = examined.major_version.filter(|major| *major < OLDEST_POSTGRES) {
        findings.push(problem(
            "database_old",
            format!("the database is PostgreSQL {major}"),
            format!("Update it to version {OLDEST_POSTGRES} or later."),
        ));
    }
    for setting in &examined.unsafe_settings {
        findings.push(problem(
            "database_not_durable",
            format!("the database has {setting}"),
            "Turn it on: with it off, a crash loses what was acknowledged, or the database grows without bound.",
        ));
    }
    if let Some(budget) = examined.connections {
        let nodes = nodes.unwrap_or(budget.nodes_seen).max(1);
        let wanted = u64::from(nodes) * u64::from(budget.per_node);
        if wanted > u64::from(budget.permitted) {
            findings.push(problem(
                "database_connections",
                format!(
                    "{nodes} nodes with {} connections each need {wanted}; the database permits {}",
                    budget.per_node, budget.permitted
                ),
                "Raise max_connections, lower pool_size in the URL of the database, or use a pooler.",
            ));
        } else if u64::from(budget.used) * 10 > u64::from(budget.permitted) * 9 {
            findings.push(problem(
                "database_connections",
                format!("{} of {} connections to the database are in use", budget.used, budget.permitted),
                "Find out who holds them (pg_stat_activity), or raise max_connections.",
            ));
        }
    }
    if let Some(age) = examined.oldest_transaction.filter(|age| *age > TRANSACTION_AGE) {
        findings.push(problem(
            "database_old_transaction",
            format!("a transaction has been open for {}", words::span(age)),
            "End it (pg_stat_activity, pg_terminate_backend): while it is open, nothing that was removed frees space, and all gets slower.",
        ));
    }
    if let Some(ids) = examined.transaction_ids
        && ids.age > ids.frozen_at.saturating_mul(2).min(LAST_TRANSACTION_ID / 2)
    {
        findings.push(problem(
            "database_transaction_ids",
            format!(
                "transaction identifiers are {} old; at {LAST_TRANSACTION_ID} the database stops",
                ids.age
            ),
            "Let autovacuum do its work, or run VACUUM. Look for old transactions and inactive slots.",
        ));
    }
    for standby in &examined.standbys {
        if let Some(lag) = standby.lag.filter(|lag| *lag > STANDBY_LAG) {
            findings.push(problem(
                "standby_lags",
                format!("the standby {} is {} behind", standby.name, words::span(lag)),
                "A failover now would lose that much. Look at its disk and at the network to it.",
            ));
        }
    }
    if let Some(names) = examined.waits_for.as_ref().filter(|_| examined.standbys_connected == 0) {
        findings.push(problem(
            "standby_missing",
            format!("commits wait for a standby ({names}), and none is connected"),
            "Bring the standby back, or take it out of synchronous_standby_names. Until then, nothing can be written.",
        ));
    } else if let (Some(names), Some(waiting)) =
        (&examined.waits_for, examined.waiting_commits.filter(|waiting| waiting.longest >= STANDBY_SILENT))
    {
        findings.push(problem(
            "standby_silent",
            format!(
                "{} commits wait for a standby ({names}), the first of them for {}",
                waiting.count,
                words::span(waiting.longest)
            ),
            "Look at the standby and at the network to it, or take it out of synchronous_standby_names. Until then, writes are answered 503.",
        ));
    }
    for slot in examined.inactive_slots.iter().filter(|slot| slot.kept_bytes > KEPT_LOG) {
        findings.push(problem(
            "slot_inactive",
            format!(
                "the server keeps {} MiB of its log for the slot {}, which nobody reads",
                slot.kept_bytes >> 20,
                slot.name
            ),
            "Bring its reader back, or drop the slot (pg_drop_replication_slot), before the disk is full.",
        ));
    }
    if let Some(bytes) = examined.log_bytes.filter(|bytes| *bytes > KEPT_LOG) {
        findings.push(problem(
            "database_log_long",
            format!("{} MiB wait to be moved into the database file", bytes >> 20),
            "Something keeps the database open for reading. End other programs that use it, or restart the server.",
        ));
    }
    findings
}

fn key_age(key: &Key, now: Timestamp) -> Vec<Finding> {
    let age = now.unix().saturating_sub(key.signs_from.unix());
    if !key.signs || age <= 0 || age.unsigned_abs() < KEY_AGE.as_secs() {
        return vec![];
    }
    vec![advice(
        "key_old",
        format!("the key {} has signed {} tokens for {} days", key.kid, key.purpose, age / 86_400),
        "Rotate it: jeton key rotate. APIs that cache the key set for less than a day notice nothing.",
    )]
}

fn weak_secret(name: &str, why: &str) -> Finding {
    problem(
        "secret_weak",
        format!("{name} is weak: {why}"),
        "Replace it by random bytes, such as those of `openssl rand -base64 48`, and give them to those who share it.",
    )
}

/// Why a secret is easy to guess, if it is.
pub(super) fn weakness(secret: &[u8]) -> Option<&'static str> {
    const WORDS: [&str; 10] = [
        "secret",
        "password",
        "changeme",
        "change-me",
        "change_me",
        "jeton",
        "example",
        "postgres",
        "123456",
        "qwerty",
    ];
    let mut distinct = secret.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    if secret.len() < 12 {
        return Some("it is shorter than 12 bytes");
    }
    if distinct.len() < 8 {
        return Some("it consists of few different characters");
    }
    if (1..=secret.len() / 2).any(|period| secret.iter().skip(period).zip(secret).all(|(a, b)| a == b)) {
        return Some("it repeats itself");
    }
    if secret.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)) {
        return Some("its characters follow one another");
    }
    let text = String::from_utf8_lossy(secret).to_ascii_lowercase();
    if WORDS.iter().any(|word| text.contains(word)) {
        return Some("it contains a word that is tried first");
    }
    None
}

#[cfg(test)]
mod tests;

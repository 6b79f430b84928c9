//! Each rule by itself: a healthy deployment with one thing wrong.

use std::path::PathBuf;

use jeton_authority::store::{ConnectionBudget, InactiveSlot, Standby, TransactionIds, WaitingCommits};

use super::super::facts::Issuer;
use super::*;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const DAY: u64 = 86_400;

fn days(days: i64) -> Timestamp {
    Timestamp::from_unix(NOW.unix() + days * 86_400)
}

fn healthy_database() -> Examination {
    Examination {
        version: Some("PostgreSQL 15.6".into()),
        major_version: Some(15),
        connections: Some(ConnectionBudget { permitted: 97, used: 20, per_node: 8, nodes_seen: 2 }),
        oldest_transaction: Some(Duration::from_secs(1)),
        transaction_ids: Some(TransactionIds { age: 50_000_000, frozen_at: 200_000_000 }),
        standbys_connected: 1,
        standbys: vec![Standby { name: "b".into(), lag: Some(Duration::from_secs(1)) }],
        waits_for: Some("b".into()),
        ..Examination::default()
    }
}

/// A deployment that nothing is wrong with.
fn healthy() -> Facts {
    Facts {
        now: NOW,
        warnings: vec![],
        clock: Some(ClockReading { ours: (NOW, NOW), theirs: NOW }),
        newest_stored: Some(days(-10)),
        disks: vec![Disk {
            path: PathBuf::from("/var/lib/jeton"),
            free: 50 << 30,
            total: 100 << 30,
            free_files: 900,
            total_files: 1_000,
        }],
        files: vec![
            StoredFile { path: "/var/lib/jeton".into(), role: Role::Folder, mode: 0o40700, ours: true },
            StoredFile {
                path: "/etc/jeton/master.key".into(),
                role: Role::Secret,
                mode: 0o100_600,
                ours: true,
            },
            StoredFile { path: "/etc/jeton.toml".into(), role: Role::Read, mode: 0o100_644, ours: true },
        ],
        master_key: MasterKeyPlace::Elsewhere,
        backups: Backups {
            database: Some("nightly".into()),
            master_key: Some("the safe".into()),
            found: None,
        },
        issuer: Issuer {
            url: "https://login.example".into(),
            is_set: true,
            served: Some("https://login.example".into()),
            found: IssuerFound::Metadata { kids: vec!["a".into()] },
        },
        certificates: vec![Certificate { place: "https://login.example".into(), not_after: days(60) }],
        proxies: Proxies {
            issuer_is_https: true,
            own_tls: false,
            trusted: vec!["10.0.0.1/32".parse().expect("a network")],
        },
        database: Ok(healthy_database()),
        nodes: None,
        keys: vec![Key {
            kid: "a".into(),
            purpose: "access",
            signs_from: days(-10),
            signs: true,
            published: true,
        }],
        weak_secrets: vec![],
    }
}

/// The codes of the findings when one thing is changed, each with its level.
fn codes(change: impl FnOnce(&mut Facts)) -> Vec<(Level, &'static str)> {
    let mut facts = healthy();
    change(&mut facts);
    let subjects = judge(&facts);
    let findings = subjects.iter().flat_map(|subject| &subject.findings);
    findings
        .inspect(|finding| {
            assert!(!finding.what.is_empty() && finding.remedy.len() > 10, "{finding:?}");
        })
        .map(|finding| (finding.level, finding.code))
        .collect()
}

fn database_codes(change: impl FnOnce(&mut Examination)) -> Vec<(Level, &'static str)> {
    codes(|facts| {
        let mut examined = healthy_database();
        change(&mut examined);
        facts.database = Ok(examined);
    })
}

#[test]
fn nothing_is_wrong_with_a_healthy_deployment() {
    assert_eq!(codes(|_| {}), []);
}

#[test]
fn clocks_that_differ_are_a_problem_and_so_is_a_key_from_the_future() {
    let ahead = |seconds: i64| {
        move |facts: &mut Facts| {
            let ours = Timestamp::from_unix(NOW.unix() + seconds);
            facts.clock = Some(ClockReading { ours: (ours, ours), theirs: NOW });
        }
    };
    assert_eq!(codes(ahead(2)), []);
    assert_eq!(codes(ahead(3)), [(Level::Problem, "clock_disagrees")]);
    assert_eq!(codes(ahead(-3)), [(Level::Problem, "clock_disagrees")]);
    assert_eq!(codes(|facts| facts.clock = None), []);
    assert_eq!(codes(|facts| facts.newest_stored = Some(days(1))), [(Level::Problem, "clock_set_back")]);
}

#[test]
fn a_disk_that_is_nearly_full_is_a_problem() {
    let disk = |free, total| {
        move |facts: &mut Facts| {
            facts.disks[0].free = free;
            facts.disks[0].total = total;
        }
    };
    assert_eq!(codes(disk(2 << 30, 1000 << 30)), [], "2 GiB suffice however large the disk is");
    assert_eq!(codes(disk(900 << 20, 1000 << 30)), [(Level::Problem, "disk_full")]);
    assert_eq!(codes(disk(200 << 20, 1 << 30)), [], "a fifth of a small disk");
    assert_eq!(codes(disk(50 << 20, 1 << 30)), [(Level::Problem, "disk_full")]);
    assert_eq!(codes(|facts| facts.disks[0].free_files = 5), [(Level::Problem, "disk_full")]);
    assert_eq!(codes(|facts| (facts.disks[0].free_files, facts.disks[0].total_files) = (0, 0)), []);
}

#[test]
fn what_others_can_read_or_write_is_a_problem() {
    let mode = |file: usize, mode| move |facts: &mut Facts| facts.files[file].mode = mode;
    assert_eq!(codes(mode(0, 0o40755)), [], "others may list the folder");
    assert_eq!(codes(mode(0, 0o40777)), [(Level::Problem, "permissions_open")]);
    assert_eq!(codes(mode(0, 0o41777)), [], "as /tmp is");
    assert_eq!(codes(mode(1, 0o100_640)), [(Level::Problem, "permissions_open")]);
    assert_eq!(codes(mode(2, 0o100_664)), [(Level::Problem, "permissions_open")]);
    assert_eq!(codes(|facts| facts.files[1].ours = false), [(Level::Advice, "owner_other")]);
}

#[test]
fn a_master_key_is_somewhere_else_and_kept_twice() {
    let path = PathBuf::from("/var/lib/jeton/master.key");
    let place = |place: MasterKeyPlace| move |facts: &mut Facts| facts.master_key = place;
    assert_eq!(
        codes(place(MasterKeyPlace::BesideDatabase { path: path.clone() })),
        [(Level::Advice, "master_key_beside_data")]
    );
    assert_eq!(codes(place(MasterKeyPlace::Missing { path })), [(Level::Problem, "master_key_missing")]);
    assert_eq!(codes(|facts| facts.backups.master_key = None), [(Level::Advice, "master_key_not_kept")]);
    assert_eq!(codes(|facts| facts.backups.database = None), [(Level::Advice, "backup_not_declared")]);
}

#[test]
fn backups_on_this_machine_are_there_and_new() {
    let found = |found: BackupsFound| move |facts: &mut Facts| facts.backups.found = Some(found);
    let newest = |written_at: Timestamp, bytes: u64| {
        found(BackupsFound::Newest { path: "/backup/jeton.backup".into(), written_at, bytes })
    };
    assert_eq!(codes(newest(days(-1), 1)), []);
    assert_eq!(codes(newest(days(1), 1)), [], "written by a clock that is ahead");
    assert_eq!(codes(newest(days(-3), 1)), [(Level::Problem, "backup_old")]);
    let missing = [(Level::Problem, "backup_missing")];
    assert_eq!(codes(newest(NOW, 0)), missing, "empty");
    assert_eq!(codes(found(BackupsFound::Nothing)), missing);
    assert_eq!(codes(found(BackupsFound::Unreadable { reason: "no such file".into() })), missing);
}

#[test]
fn the_issuer_is_set_reachable_and_this_authority() {
    assert_eq!(codes(|facts| facts.issuer.is_set = false), [(Level::Advice, "issuer_default")]);
    assert_eq!(
        codes(|facts| facts.issuer.served = Some("https://other.example".into())),
        [(Level::Problem, "issuer_of_server")]
    );
    assert_eq!(codes(|facts| facts.issuer.served = None), [], "no server on this folder");
    let failed = IssuerFound::Failed { reason: "no answer".into() };
    assert_eq!(codes(|facts| facts.issuer.found = failed), [(Level::Problem, "issuer_unreachable")]);
    let others = IssuerFound::Metadata { kids: vec!["b".into()] };
    assert_eq!(codes(|facts| facts.issuer.found = others), [(Level::Problem, "issuer_other_keys")]);
}

#[test]
fn a_certificate_is_renewed_in_time() {
    let until = |days_left| move |facts: &mut Facts| facts.certificates[0].not_after = days(days_left);
    assert_eq!(codes(until(22)), []);
    assert_eq!(codes(until(20)), [(Level::Problem, "certificate_expires")]);
    assert_eq!(codes(until(0)), [(Level::Problem, "certificate_expired")]);
    assert_eq!(codes(until(-3)), [(Level::Problem, "certificate_expired")]);
}

#[test]
fn a_proxy_is_trusted_where_there_is_one_and_nobody_else_is() {
    let everybody: IpNet = "::/0".parse().expect("a network");
    assert_eq!(
        codes(|facts| facts.proxies.trusted = vec![everybody]),
        [(Level::Problem, "proxy_trusts_everybody")]
    );
    assert_eq!(codes(|facts| facts.proxies.trusted.clear()), [(Level::Problem, "proxy_not_trusted")]);
    assert_eq!(codes(|facts| facts.proxies.own_tls = true), [(Level::Advice, "proxy_and_own_tls")]);
    assert_eq!(
        codes(|facts| {
            facts.proxies.issuer_is_https = false;
            facts.proxies.trusted.clear();
        }),
        []
    );
}

#[test]
fn the_connections_of_all_nodes_fit_into_the_database() {
    assert_eq!(codes(|facts| facts.nodes = Some(12)), []);
    assert_eq!(codes(|facts| facts.nodes = Some(13)), [(Level::Problem, "database_connections")]);
    let used = |used| {
        move |examined: &mut Examination| {
            examined.connections = examined.connections.map(|budget| ConnectionBudget { used, ..budget });
        }
    };
    assert_eq!(database_codes(used(87)), []);
    assert_eq!(database_codes(used(88)), [(Level::Problem, "database_connections")]);
}

#[test]
fn what_endangers_a_database_is_a_problem() {
    type Change = fn(&mut Examination);
    let cases: [(Change, &str); 9] = [
        (|it| it.major_version = Some(14), "database_old"),
        (|it| it.unsafe_settings = vec!["fsync = off".into()], "database_not_durable"),
        (|it| it.oldest_transaction = Some(Duration::from_secs(4_000)), "database_old_transaction"),
        (
            |it| it.transaction_ids = Some(TransactionIds { age: 500_000_000, frozen_at: 200_000_000 }),
            "database_transaction_ids",
        ),
        (|it| it.standbys[0].lag = Some(Duration::from_secs(61)), "standby_lags"),
        (|it| (it.standbys_connected, it.standbys) = (0, vec![]), "standby_missing"),
        (
            |it| it.waiting_commits = Some(WaitingCommits { count: 3, longest: Duration::from_secs(4) }),
            "standby_silent",
        ),
        (
            |it| it.inactive_slots = vec![InactiveSlot { name: "old".into(), kept_bytes: 2 << 30 }],
            "slot_inactive",
        ),
        (|it| it.log_bytes = Some(2 << 30), "database_log_long"),
    ];
    for (change, code) in cases {
        assert_eq!(database_codes(change), [(Level::Problem, code)]);
    }
    assert_eq!(
        database_codes(|it| (it.waits_for, it.standbys_connected, it.standbys) = (None, 0, vec![])),
        [],
        "no replication at all"
    );
    assert_eq!(database_codes(|it| it.standbys.clear()), [], "a role that may not look at standbys");
    assert_eq!(
        database_codes(|it| it.waiting_commits = Some(WaitingCommits { count: 1, longest: Duration::ZERO })),
        [],
        "every commit waits for a moment"
    );
    assert_eq!(
        database_codes(|it| it.inactive_slots = vec![InactiveSlot { name: "new".into(), kept_bytes: 1 }]),
        []
    );
    assert_eq!(codes(|facts| facts.database = Err("gone".into())), [(Level::Problem, "database_unusable")]);
    assert_eq!(
        codes(|facts| facts.database = Ok(Examination::default())),
        [],
        "what is not known is not judged"
    );
}

#[test]
fn an_old_key_is_to_be_rotated() {
    let age = |days_old: i64| move |facts: &mut Facts| facts.keys[0].signs_from = days(-days_old);
    assert_eq!(codes(age(399)), []);
    assert_eq!(codes(age(400)), [(Level::Advice, "key_old")]);
    assert_eq!(
        codes(|facts| {
            facts.keys[0].signs_from = days(-500);
            facts.keys[0].signs = false;
        }),
        []
    );
    assert!(KEY_AGE.as_secs() == 400 * DAY);
}

#[test]
fn warnings_of_the_configuration_and_weak_secrets_are_problems() {
    let warning = "warning: the issuer is plain http".to_owned();
    assert_eq!(codes(|facts| facts.warnings = vec![warning]), [(Level::Problem, "configuration")]);
    let weak = ("access.shared_secret".to_owned(), "it repeats itself");
    assert_eq!(codes(|facts| facts.weak_secrets = vec![weak]), [(Level::Problem, "secret_weak")]);
}

#[test]
fn a_secret_that_is_tried_first_is_weak_and_random_bytes_are_not() {
    for weak in [
        "postgres",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
        "0123456789abcdefghij-secret-0123456789",
        "my-Super-ChangeMe-please-0123456",
    ] {
        assert!(weakness(weak.as_bytes()).is_some(), "{weak}");
    }
    let sequence: Vec<u8> = (0..32).collect();
    assert!(weakness(&sequence).is_some());
    assert!(weakness(&[0; 32]).is_some());
    for _ in 0..100 {
        let mut random = [0; 32];
        jeton_jose::random::fill(&mut random);
        assert_eq!(weakness(&random), None, "{random:?}");
    }
}

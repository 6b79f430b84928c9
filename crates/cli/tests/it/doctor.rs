//! `jeton doctor` on a real folder, with and without a server.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::run::{Folder, Ran, run, run_with};

/// The codes of all findings of this level.
fn codes(report: &Value, level: &str) -> Vec<String> {
    let subjects = report["subjects"].as_array().expect("subjects");
    let findings = subjects.iter().flat_map(|subject| subject["findings"].as_array().expect("findings"));
    findings
        .filter(|finding| finding["level"] == level)
        .map(|finding| finding["code"].as_str().expect("a code").to_owned())
        .collect()
}

/// The document that a run printed, whatever its status.
fn report(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

#[test]
fn a_server_that_runs_by_its_defaults_gets_advice_and_one_that_is_open_to_others_has_a_problem() {
    let folder = Folder::new();
    let server = folder.serve(&[]);
    let look = || run(&folder.with(&["doctor", "--listen", &server.address, "--json"]));

    let well = look();
    assert_eq!(well.status, 0, "{well:?}");
    let found = report(&well);
    assert_eq!((found["ok"].as_bool(), codes(&found, "problem")), (Some(true), vec![]), "{found:#}");
    let advice = codes(&found, "advice");
    for code in ["issuer_default", "master_key_beside_data", "master_key_not_kept", "backup_not_declared"] {
        assert!(advice.iter().any(|found| found == code), "{code} {found:#}");
    }
    let strict = run(&folder.with(&["doctor", "--listen", &server.address, "--strict"]));
    assert_eq!(strict.status, 1, "{strict:?}");
    assert!(strict.out.contains("ok       clock\n"), "{strict:?}");
    assert!(strict.err.starts_with("error[doctor_found_problems]: "), "{strict:?}");

    let key = folder.path().join("master.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("ours");
    let open = look();
    assert_eq!(
        (open.status, codes(&report(&open), "problem")),
        (1, vec!["permissions_open".to_owned()]),
        "{open:?}"
    );
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("ours");

    let listen = server.address.clone();
    assert_eq!(server.stop(), 0);
    let stopped = run(&folder.with(&["doctor", "--listen", &listen, "--json"]));
    assert_eq!(codes(&report(&stopped), "problem"), ["issuer_unreachable"], "{stopped:?}");
}

#[test]
fn the_newest_backup_in_the_declared_folder_is_looked_at() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse battery");
    let kept = Folder::new();
    std::fs::create_dir(kept.path()).expect("a folder");
    let place = kept.path().display().to_string();
    let look = || {
        let declared = [("JETON_BACKUP_DATABASE", &*place), ("JETON_BACKUP_MASTER_KEY", "in the safe")];
        codes(&report(&run_with(&folder.with(&["doctor", "--json"]), &declared)), "problem")
    };
    assert!(look().contains(&"backup_missing".to_owned()), "{:?}", look());
    let file = kept.path().join("jeton.backup").display().to_string();
    folder.run(&["backup", &file]).done();
    assert!(!look().iter().any(|code| code.starts_with("backup")), "{:?}", look());
}

#[test]
fn what_is_declared_is_not_advised_and_nothing_is_made() {
    let folder = Folder::new();
    let declared = [
        ("JETON_BACKUP_DATABASE", "nightly, to the other site"),
        ("JETON_BACKUP_MASTER_KEY", "in the safe"),
        ("JETON_ISSUER", "http://127.0.0.1:9"),
    ];
    let ran = run_with(&folder.with(&["doctor", "--json"]), &declared);
    let found = report(&ran);
    let problems = codes(&found, "problem");
    assert_eq!(ran.status, 1, "{ran:?}");
    assert_eq!(problems, ["master_key_missing", "issuer_unreachable", "database_unusable"], "{found:#}");
    assert_eq!(codes(&found, "advice"), Vec::<String>::new(), "{found:#}");
    assert!(!folder.path().exists(), "it only looks");
}

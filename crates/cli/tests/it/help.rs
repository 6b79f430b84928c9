//! Help, completions and manual pages.

use crate::run::run;

const COMMANDS: [&[&str]; 32] = [
    &["serve"],
    &["demo"],
    &["user"],
    &["user", "import"],
    &["client"],
    &["client", "preview"],
    &["key"],
    &["session"],
    &["grant"],
    &["backup"],
    &["restore"],
    &["check"],
    &["migrate"],
    &["jwt"],
    &["jwt", "sign"],
    &["jwt", "verify"],
    &["jwt", "decode"],
    &["jwt", "sd"],
    &["jwt", "sd", "issue"],
    &["jwt", "sd", "present"],
    &["jwt", "sd", "verify"],
    &["jwt", "dpop"],
    &["jws"],
    &["jws", "sign"],
    &["jws", "verify"],
    &["jwe"],
    &["jwe", "encrypt"],
    &["jwe", "decrypt"],
    &["jwk"],
    &["jwk", "generate"],
    &["config"],
    &["completions"],
];

#[test]
fn every_command_has_help_with_examples() {
    for command in COMMANDS {
        let help = run(&[command, &["--help"]].concat()).done();
        assert!(help.contains("Examples:"), "{command:?}: {help}");
    }
}

#[test]
fn the_flags_of_a_client_stand_in_groups_and_apart_from_where_the_data_is() {
    for command in ["add", "set"] {
        let help = run(&["client", command, "--help"]).done();
        let places: Vec<_> = [
            "--redirect-uri",
            "Permissions:",
            "--grant-type",
            "Authentication:",
            "--auth-method",
            "Tokens and claims:",
            "--id-token-alg",
            "Other settings:",
            "--metadata",
            "Data and output:",
            "--config",
            "--data",
            "\n      --json\n",
        ]
        .map(|text| help.find(text).unwrap_or_else(|| panic!("{text}: {help}")))
        .to_vec();
        assert!(places.is_sorted(), "{places:?} {help}");
    }
}

#[test]
fn wrong_usage_ends_with_status_2() {
    run(&["nonsense"]).misused();
    run(&["user", "add"]).misused();
    run(&["serve", "--listen", "nowhere"]).misused();
    run(&["session", "revoke"]).misused();
    run(&["grant", "end"]).misused();
    run(&["jwt", "verify", "token"]).misused();
}

#[test]
fn completions_and_manual_pages_are_made() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(run(&["completions", shell]).done().contains("jeton"), "{shell}");
    }
    let folder = tempfile::tempdir().expect("a scratch folder");
    run(&["man", folder.path().to_str().expect("UTF-8")]).done();
    assert!(folder.path().join("jeton.1").exists());
    for command in ["serve", "jws-sign", "jwe-decrypt", "jwt-sd-issue", "jwk-generate"] {
        assert!(folder.path().join(format!("jeton-{command}.1")).exists(), "{command}");
    }
}

//! Project Wycheproof's JWS and JWK cases, each with the private key and with the public one.

use super::{Files, for_each, list, payload_of, read, run, text, token};

/// Where upstream is wrong, or laxer: 346 and 350 verify a `PS384` token with a key for `PS256`; 347 and 351 name an algorithm
/// `ES521`, which does not exist; 367 and 370 are byte for byte the valid 357; 372 and 373 have a question mark within base64url.
const DEPARTURES: &[u64] = &[346, 347, 350, 351, 367, 370, 372, 373];

/// In a JSON form, which upstream expects compact doors to refuse: `jws verify` takes all three forms, where they are JSON at
/// all (the one in `json_web_signature_test.json` lacks its last two brackets).
const JSON_FORM: u64 = 17;

struct Case {
    id: u64,
    key: String,
    jws: String,
    valid: bool,
    comment: String,
}

fn cases(file: &str, files: &Files) -> Option<Vec<Case>> {
    let suite = read(file)?;
    let mut cases = vec![];
    let mut count = 0;
    for (group_number, group) in list(&suite, "testGroups").iter().enumerate() {
        let keys: Vec<String> = ["private", "public"]
            .into_iter()
            .filter(|part| !group[part].is_null())
            .map(|part| files.json(&format!("{group_number}.{part}.json"), &group[part]))
            .collect();
        assert!(!keys.is_empty());
        for test in list(group, "tests") {
            count += 1;
            cases.extend(keys.iter().map(|key| Case {
                id: test["tcId"].as_u64().expect("a number"),
                key: key.clone(),
                jws: token(&test["jws"]),
                valid: text(test, "result") == "valid",
                comment: text(test, "comment").to_owned(),
            }));
        }
    }
    assert_eq!(Some(count), suite["numberOfTests"].as_u64());
    Some(cases)
}

fn check(file: &str, departures: &[u64]) {
    let files = Files::new();
    let Some(cases) = cases(file, &files) else { return };
    for_each(&cases, |case| {
        let what = format!("{file} {} ({}) with {}", case.id, case.comment, case.key);
        let json = case.jws.trim_start().starts_with('{');
        let outcome = run(&["jws", "verify", "--key", &case.key], &case.jws);
        if json {
            assert_eq!(case.id, JSON_FORM);
            match serde_json::from_str::<serde_json::Value>(&case.jws) {
                Ok(_) => assert_eq!(outcome.accepted(&what), b"foo"),
                Err(_) => assert_eq!(outcome.refused(&what), "token_malformed"),
            }
            let compact_only = run(&["jwt", "verify", "--key", &case.key, "--allow-no-exp"], &case.jws);
            assert_eq!(compact_only.refused(&what), "token_malformed");
        } else if case.valid != departures.contains(&case.id) {
            assert_eq!(outcome.accepted(&what), payload_of(&case.jws), "{what}");
        } else {
            outcome.refused(&what);
        }
    });
}

#[test]
fn wycheproof_signatures_but_for_eight_documented_cases() {
    check("wycheproof/json_web_signature_test.json", DEPARTURES);
}

#[test]
fn wycheproof_keys() {
    check("wycheproof/json_web_key_test.json", &[]);
}

#[test]
fn wycheproof_crypto() {
    check("wycheproof/json_web_crypto_test.jws-only.json", &[]);
}

//! The challenge of RFC 6750 §3.

use jeton_oauth::{BearerChallenge, BearerError, ErrorDescription, Realm, Scope};
use proptest::prelude::*;

fn challenge() -> BearerChallenge {
    BearerChallenge::new(Realm::parse("example").expect("a realm"))
}

// The two examples of RFC 6750 §3, the second with the members on one line.
#[test]
fn without_credentials_the_challenge_names_no_error() {
    assert_eq!(challenge().to_string(), r#"Bearer realm="example""#);
}

#[test]
fn an_expired_token_is_answered_as_the_rfc_shows() {
    let answer = challenge()
        .error(BearerError::InvalidToken)
        .error_description(ErrorDescription::from_static("The access token expired"));
    assert_eq!(
        answer.to_string(),
        r#"Bearer realm="example", error="invalid_token", error_description="The access token expired""#
    );
}

#[test]
fn a_scope_that_does_not_suffice_is_named() {
    let answer =
        challenge().error(BearerError::InsufficientScope).scope(Scope::parse("read write").expect("a scope"));
    assert_eq!(
        answer.to_string(),
        r#"Bearer realm="example", error="insufficient_scope", scope="read write""#
    );
}

#[test]
fn each_error_has_its_code_and_its_status() {
    for (error, code, status) in [
        (BearerError::InvalidRequest, "invalid_request", 400),
        (BearerError::InvalidToken, "invalid_token", 401),
        (BearerError::InsufficientScope, "insufficient_scope", 403),
    ] {
        assert_eq!((error.code(), error.status()), (code, status));
    }
}

proptest! {
    #[test]
    fn nothing_breaks_out_of_the_quotes(realm in "\\PC{0,20}|[ -~\\r\\n]{0,20}", text in "\\PC{0,20}|[ -~\\r\\n]{0,20}") {
        if let (Ok(realm), Ok(text)) = (Realm::parse(realm), ErrorDescription::parse(text)) {
            let value = BearerChallenge::new(realm).error_description(text).to_string();
            prop_assert_eq!(value.matches('"').count(), 4);
            prop_assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        }
    }
}

//! `scope` (RFC 6749 §3.3).

use jeton_oauth::{Scope, ScopeError};
use proptest::prelude::*;

#[test]
fn the_order_of_tokens_carries_no_meaning_and_repetition_neither() {
    let scope = Scope::parse("write read write").expect("a scope");
    assert_eq!(scope.as_str(), "write read");
    assert_eq!(scope, Scope::parse("read write").expect("a scope"));
    assert_ne!(scope, Scope::parse("read").expect("a scope"));
}

#[test]
fn a_token_is_compared_whole_and_by_case() {
    let scope = Scope::parse("orders:read admin").expect("a scope");
    assert!(scope.contains("orders:read"));
    for other in ["orders", "orders:rea", "read", "Admin", "orders:read admin", "", " "] {
        assert!(!scope.contains(other), "{other:?} is not granted");
    }
}

#[test]
fn the_empty_scope_is_covered_by_every_scope_and_covers_none() {
    let empty = Scope::parse("").expect("a parameter without a value");
    let read = Scope::parse("read").expect("a scope");
    assert!(empty.is_empty() && read.covers(&empty) && !empty.covers(&read));
    assert_eq!(empty.tokens().count(), 0);
}

#[test]
fn what_the_grammar_does_not_allow_is_refused() {
    for (text, error) in [
        ("re\"ad", ScopeError::Character { position: 2 }),
        ("re\\ad", ScopeError::Character { position: 2 }),
        ("read\0", ScopeError::Character { position: 4 }),
        ("l\u{e9}se", ScopeError::Character { position: 1 }),
    ] {
        assert_eq!(Scope::parse(text), Err(error), "{text:?}");
    }
    let many = vec!["x"; Scope::MAX_TOKENS + 1].join(" ");
    assert_eq!(Scope::parse(&many), Err(ScopeError::TooMany { found: Scope::MAX_TOKENS + 1 }));
}

#[test]
fn white_space_beyond_the_single_space_is_left_out() {
    for text in [" read write", "read write ", "read  write", "\tread\nwrite\r\n"] {
        assert_eq!(Scope::parse(text).expect(text).as_str(), "read write", "{text:?}");
    }
    assert!(Scope::parse("  ").expect("nothing").is_empty());
}

#[test]
fn json_holds_it_as_one_text() {
    let scope: Scope = serde_json::from_str(r#""a b""#).expect("a scope");
    assert_eq!(serde_json::to_string(&scope).expect("JSON"), r#""a b""#);
    serde_json::from_str::<Scope>(r#"["a","b"]"#).expect_err("a list is another thing");
    serde_json::from_str::<Scope>(r#""a\u00e9""#).expect_err("not ASCII");
}

proptest! {
    #[test]
    fn parsing_never_panics_and_what_it_accepts_reads_the_same_again(text in "\\PC{0,40}|[a-c !\"\\\\]{0,20}") {
        if let Ok(scope) = Scope::parse(&text) {
            prop_assert_eq!(Scope::parse(scope.as_str()).expect("its own text"), scope.clone());
            for token in text.split_ascii_whitespace() {
                prop_assert!(scope.contains(token));
            }
        }
    }
}

//! `authorization_details` (RFC 9396).

use jeton_oauth::authorization::AuthorizationDetails;
use proptest::prelude::*;
use serde_json::{Value, json};

fn details(value: &Value) -> AuthorizationDetails {
    AuthorizationDetails::parse(&value.to_string(), AuthorizationDetails::MAX_LEN).expect("details")
}

#[track_caller]
fn refused(text: &str) -> &'static str {
    AuthorizationDetails::parse(text, AuthorizationDetails::MAX_LEN).expect_err("no details").code()
}

fn payment(amount: &str) -> Value {
    json!({"type": "payment_initiation", "actions": ["initiate"], "instructedAmount": {"currency": "EUR", "amount": amount}})
}

#[test]
fn an_element_is_read_by_its_members() {
    let read = details(&json!([{
        "type": "account_information",
        "actions": ["list_accounts", "read_balances"],
        "locations": ["https://example.com/accounts"],
        "datatypes": ["contacts"],
        "privileges": ["admin"],
        "identifier": "account-14-32-32-3",
        "bank": {"bic": "ABCIDEFFXXX"},
    }]));
    let [detail] = read.iter().collect::<Vec<_>>()[..] else { panic!("one element: {read:?}") };
    assert_eq!(detail.kind(), "account_information");
    assert_eq!(detail.actions().collect::<Vec<_>>(), ["list_accounts", "read_balances"]);
    assert_eq!(detail.locations().collect::<Vec<_>>(), ["https://example.com/accounts"]);
    assert_eq!(detail.datatypes().collect::<Vec<_>>(), ["contacts"]);
    assert_eq!(detail.privileges().collect::<Vec<_>>(), ["admin"]);
    assert_eq!(detail.identifier(), Some("account-14-32-32-3"));
    assert_eq!(detail.member("bank"), Some(&json!({"bic": "ABCIDEFFXXX"})));
    assert_eq!((read.of_type("account_information").count(), read.of_type("account").count()), (1, 0));
    #[derive(serde::Deserialize)]
    struct Account {
        bank: Bank,
    }
    #[derive(serde::Deserialize)]
    struct Bank {
        bic: String,
    }
    assert_eq!(detail.read::<Account>().expect("an account").bank.bic, "ABCIDEFFXXX");
}

#[test]
fn what_was_read_is_written_with_the_same_values() {
    let value = json!([payment("123.50"), {"type": "other", "n": [1, -2, 0.5, null, true]}]);
    assert_eq!(serde_json::to_value(details(&value)).expect("JSON"), value);
    let again: AuthorizationDetails = serde_json::from_value(value.clone()).expect("details");
    assert_eq!(again, details(&value));
}

#[test]
fn what_is_no_list_of_typed_objects_is_refused() {
    for text in [
        "",
        "{}",
        r#"{"type":"a"}"#,
        r#"["a"]"#,
        r#"[{"type":"a"}"#,
        r#"[{"type":"a","type":"b"}]"#,
        "null",
        "[null]",
    ] {
        assert!(AuthorizationDetails::parse(text, 1000).is_err(), "{text}");
    }
    for text in [r#"[{}]"#, r#"[{"type":""}]"#, r#"[{"type":1}]"#, r#"[{"type":"a"},{"Type":"a"}]"#] {
        assert_eq!(refused(text), "authorization_details_type_missing", "{text}");
    }
    for (member, value) in [
        ("actions", json!("read")),
        ("actions", json!([1])),
        ("locations", json!(["https://a.example", null])),
        ("datatypes", json!({})),
        ("privileges", Value::Null),
        ("identifier", json!(["a"])),
    ] {
        let text = json!([{"type": "a", (member): value}]).to_string();
        assert_eq!(refused(&text), "authorization_details_member", "{text}");
    }
}

#[test]
fn nobody_is_shown_more_values_or_longer_names_than_can_be_read() {
    let values = |count: usize| json!([{"type": "a", "m": vec![json!([1]); count - 1]}]).to_string();
    assert!(AuthorizationDetails::parse(&values(AuthorizationDetails::MAX_VALUES), 8192).is_ok());
    assert_eq!(
        refused(&values(AuthorizationDetails::MAX_VALUES + 1)),
        "authorization_details_too_many_values"
    );
    let name = |len: usize| json!([{"type": "a", "m": [{"n".repeat(len): 1}]}]).to_string();
    assert!(AuthorizationDetails::parse(&name(AuthorizationDetails::MAX_NAME), 8192).is_ok());
    assert_eq!(refused(&name(AuthorizationDetails::MAX_NAME + 1)), "authorization_details_name_too_long");
}

#[test]
fn length_number_and_depth_are_bounded() {
    let element = json!({"type": "a"});
    let most = Value::from(vec![element.clone(); AuthorizationDetails::MAX_COUNT]);
    assert_eq!(details(&most).len(), AuthorizationDetails::MAX_COUNT);
    let more = Value::from(vec![element; AuthorizationDetails::MAX_COUNT + 1]);
    assert_eq!(refused(&more.to_string()), "authorization_details_too_many");

    let nested = |depth: usize| {
        let value = (1..depth)
            .fold(json!(1), |value, level| if level % 2 == 0 { json!([value]) } else { json!({"m": value}) });
        json!([{"type": "a", "m": value}]).to_string()
    };
    assert!(AuthorizationDetails::parse(&nested(AuthorizationDetails::MAX_DEPTH), 1000).is_ok());
    assert_eq!(refused(&nested(AuthorizationDetails::MAX_DEPTH + 1)), "authorization_details_too_deep");
    assert!(AuthorizationDetails::parse(&nested(40), 1000).is_err());

    let long = |len: usize| format!(r#"[{{"type":"{}"}}]"#, "a".repeat(len - r#"[{"type":""}]"#.len()));
    assert!(AuthorizationDetails::parse(&long(100), 100).is_ok());
    assert!(AuthorizationDetails::parse(&long(101), 100).is_err());
    assert!(AuthorizationDetails::parse(&long(AuthorizationDetails::MAX_LEN), usize::MAX).is_ok());
    assert_eq!(refused(&long(AuthorizationDetails::MAX_LEN + 1)), "authorization_details_too_long");
    // Short as it comes, long as a token would carry it.
    let grows = format!(r#"[{{"type":"a","n":[{}]}}]"#, ["1e15"; 400].join(","));
    assert!(grows.len() < 2100);
    assert!(AuthorizationDetails::parse(&grows, 2100).is_err());
}

#[test]
fn narrowing_leaves_out_whole_elements_and_adds_nothing() {
    let granted = details(
        &json!([payment("10.00"), payment("20.00"), {"type": "account_information", "actions": ["read", "write"]}]),
    );
    let one = details(&json!([payment("20.00")]));
    assert_eq!(granted.narrowed(&one), Some(one));
    let reordered = r#"[{"instructedAmount":{"amount":"10.00","currency":"EUR"},"actions":["initiate"],"type":"payment_initiation"}]"#;
    let reordered = AuthorizationDetails::parse(reordered, 1000).expect("details");
    assert!(granted.covers(&reordered), "the order of members carries no meaning");
    for more in [
        json!([payment("30.00")]),
        json!([payment("10.00"), payment("10.00")]),
        json!([{"type": "account_information", "actions": ["read"]}]),
        json!([{"type": "account_information", "actions": ["write", "read"]}]),
        json!([{"type": "account_information"}]),
    ] {
        assert_eq!(granted.narrowed(&details(&more)), None, "{more}");
    }
    assert!(granted.covers(&AuthorizationDetails::default()));
    assert!(!AuthorizationDetails::default().covers(&granted));
}

#[test]
fn a_token_for_one_resource_says_nothing_of_others() {
    let all = details(&json!([
        {"type": "everywhere"},
        {"type": "there", "locations": ["https://api.example/payments"]},
        {"type": "elsewhere", "locations": ["https://api.example.evil.example/", "https://api.examples"]},
        {"type": "both", "locations": ["https://other.example", "https://api.example"]},
    ]));
    let resources = |names: &[&str]| names.iter().map(|&name| name.into()).collect::<Vec<Box<str>>>();
    let kinds = |details: &AuthorizationDetails| {
        details.iter().map(|detail| detail.kind().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        kinds(&all.for_resources(&resources(&["https://api.example"]))),
        ["everywhere", "there", "both"]
    );
    // However the same resource is written.
    assert_eq!(
        kinds(&all.for_resources(&resources(&["https://Other.example:443/"]))),
        ["everywhere", "both"]
    );
    assert_eq!(kinds(&all.for_resources(&resources(&["https://other.example/x"]))), ["everywhere"]);
    assert_eq!(all.for_resources(&[]), all);
}

#[test]
fn of_what_is_too_long_the_last_ones_stay() {
    let all = details(&json!([payment("1"), payment("2"), payment("3")]));
    let two = details(&json!([payment("2"), payment("3")]));
    let len = serde_json::to_string(&two).expect("JSON").len();
    assert_eq!(all.clone().last_within(len), two);
    assert!(all.clone().last_within(1).is_empty());
    assert_eq!(all.clone().last_within(10_000), all);
}

/// Few different elements, so that equal ones meet.
fn some_details() -> impl Strategy<Value = AuthorizationDetails> {
    let member = prop_oneof![
        Just(json!(1)),
        Just(json!("1")),
        Just(json!([1])),
        Just(json!({"a": 1})),
        Just(Value::Null)
    ];
    let element = ("[ab]", prop::option::of(member)).prop_map(|(kind, member)| match member {
        None => json!({"type": kind}),
        Some(member) => json!({"type": kind, "m": member}),
    });
    prop::collection::vec(element, 0..8).prop_map(|elements| details(&Value::from(elements)))
}

fn count(details: &AuthorizationDetails, like: &jeton_oauth::authorization::AuthorizationDetail) -> usize {
    details.iter().filter(|detail| *detail == like).count()
}

proptest! {
    #[test]
    fn what_is_narrowed_was_asked_for_and_allowed_and_nothing_else_is(allowed in some_details(), asked in some_details()) {
        let fits = asked.iter().all(|detail| count(&asked, detail) <= count(&allowed, detail));
        match allowed.narrowed(&asked) {
            Some(narrowed) => {
                prop_assert!(fits);
                prop_assert_eq!(&narrowed, &asked);
                // Whatever is narrowed further was allowed from the start.
                prop_assert!(allowed.covers(&narrowed));
            }
            None => prop_assert!(!fits),
        }
    }

    #[test]
    fn narrowing_again_and_again_never_gets_anything_back(a in some_details(), b in some_details(), c in some_details()) {
        if let Some(b) = a.narrowed(&b) && let Some(c) = b.narrowed(&c) {
            prop_assert!(a.covers(&c));
        }
        prop_assert!(a.covers(&a));
    }

    #[test]
    fn a_union_covers_both_and_no_more_than_both(a in some_details(), b in some_details()) {
        let union = a.union(&b);
        prop_assert!(union.covers(&a) && union.covers(&b));
        for detail in union.iter() {
            prop_assert_eq!(count(&union, detail), count(&a, detail).max(count(&b, detail)));
        }
    }

    #[test]
    fn any_text_is_read_or_refused_within_its_bounds(text in r#"[\[\]{}":,a-c0-9e.\\ -]{0,60}"#, max_len in 0_usize..60) {
        if let Ok(details) = AuthorizationDetails::parse(&text, max_len) {
            prop_assert!(serde_json::to_string(&details).expect("JSON").len() <= max_len);
        }
    }
}

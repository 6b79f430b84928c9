//! Numbers in claims: one that no type holds exactly refuses no token whose reader does not ask for its value.

use std::collections::HashMap;

use jeton_jose::jwt::Verifier;
use jeton_jose::{Algorithm, SharedSecret, Timestamp, VerifyError, json, jws};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// Numbers that are no 64-bit integers and that no double holds exactly.
const INEXACT: [(&str, f64); 8] = [
    ("18446744073709551616", 18_446_744_073_709_551_616.0),
    ("-9223372036854775809", -9_223_372_036_854_775_808.0),
    ("12345678901234567890123", 1.234_567_890_123_456_8e22),
    ("9007199254740993.0", 9_007_199_254_740_992.0),
    ("0.10000000000000000001", 0.1),
    ("1e-400", 0.0),
    ("1e400", f64::MAX),
    ("-1e400", f64::MIN),
];

fn verify<C: DeserializeOwned>(number: &str) -> Result<C, VerifyError> {
    let secret = SharedSecret::new(Algorithm::HS256, b"0123456789abcdef0123456789ABCDEF").unwrap();
    let claims = format!(r#"{{"iss":"i","aud":"a","exp":1900000000,"x":{number}}}"#);
    let token = jws::Signer::new(&secret).sign(claims.as_bytes()).unwrap();
    Ok(Verifier::new("i", "a", secret).verify(&token, NOW)?.into_claims())
}

#[derive(Deserialize)]
struct Asks<T> {
    x: T,
}

#[derive(Deserialize)]
struct Flattened {
    #[serde(flatten)]
    rest: HashMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Either {
    Text { x: String },
    Any { x: Value },
}

#[derive(Deserialize)]
struct DoesNotAsk {
    iss: String,
}

#[test]
fn an_inexact_number_refuses_no_token_whose_reader_does_not_ask_for_it() {
    for (number, nearest) in INEXACT {
        assert_eq!(verify::<Value>(number).unwrap()["x"].as_f64(), Some(nearest), "{number}");
        assert_eq!(verify::<Flattened>(number).unwrap().rest["x"].as_f64(), Some(nearest), "{number}");
        assert_eq!(verify::<HashMap<String, Value>>(number).unwrap()["x"].as_f64(), Some(nearest));
        assert_eq!(verify::<DoesNotAsk>(number).unwrap().iss, "i");
        match verify::<Either>(number).unwrap() {
            Either::Any { x } => assert_eq!(x.as_f64(), Some(nearest), "{number}"),
            Either::Text { x } => panic!("{x}"),
        }
        let nested = format!(r#"{{"a":[{number}]}}"#);
        assert_eq!(verify::<Value>(&nested).unwrap()["x"]["a"][0].as_f64(), Some(nearest), "{number}");
    }
}

#[test]
fn a_number_is_read_into_a_double_as_the_nearest_and_into_an_integer_exactly_or_not_at_all() {
    for (number, nearest) in INEXACT {
        assert_eq!(verify::<Asks<f64>>(number).unwrap().x, nearest, "{number}");
        assert_eq!(verify::<Asks<Option<f64>>>(number).unwrap().x, Some(nearest), "{number}");
        assert_eq!(verify::<Asks<u64>>(number).err().unwrap().code(), "claims_mismatch", "{number}");
        assert_eq!(verify::<Asks<i64>>(number).err().unwrap().code(), "claims_mismatch", "{number}");
        assert_eq!(verify::<Asks<i128>>(number).is_ok(), json::from_slice::<i128>(number.as_bytes()).is_ok());
    }
    assert_eq!(verify::<Asks<i128>>("18446744073709551616").unwrap().x, 1 << 64);
    assert_eq!(verify::<Asks<u64>>("9007199254740993").unwrap().x, 9_007_199_254_740_993);
    assert_eq!(verify::<Value>("18446744073709551615").unwrap()["x"].as_u64(), Some(u64::MAX));
    assert_eq!(verify::<Value>("-9223372036854775808").unwrap()["x"].as_i64(), Some(i64::MIN));
    assert_eq!(verify::<Value>("1.50e2").unwrap()["x"].as_f64(), Some(150.0));
    assert!(verify::<Value>("-0").unwrap()["x"].as_f64().is_some_and(f64::is_sign_negative));
}

#[test]
fn a_raw_value_keeps_a_number_and_everything_else_as_it_was_written() {
    for text in
        INEXACT.iter().map(|(number, _)| *number).chain(["-0", "1.50", r#"{"a" : [1,  "\u0041"]}"#, "null"])
    {
        assert_eq!(verify::<Asks<Box<RawValue>>>(text).unwrap().x.get(), text);
        let all = verify::<HashMap<String, Box<RawValue>>>(text).unwrap();
        assert_eq!((all["x"].get(), all["exp"].get()), (text, "1900000000"));
    }
    assert_eq!(verify::<Asks<Vec<Box<RawValue>>>>(r#"[1e400, {} ]"#).unwrap().x[1].get(), "{}");
    // What is wrong with the text is wrong however it is taken.
    for broken in [r#"{"a":1,"a":2}"#, "01", r#""\ud800""#] {
        assert_eq!(
            verify::<Asks<Box<RawValue>>>(broken).err().unwrap().code(),
            "claims_malformed",
            "{broken}"
        );
    }
}

//! The strict JSON reader against serde_json: what it takes means the same to both, and what it refuses beyond the grammar
//! it refuses for one of four reasons, which is true.
#![no_main]

use std::collections::BTreeMap;
use std::fmt::Debug;

use jeton_fuzz::second_opinion;
use jeton_jose::json::{self, JsonError};
use libfuzzer_sys::fuzz_target;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    match (json::from_slice::<Value>(data), second_opinion::read(data)) {
        (Ok(ours), Some((theirs, facts))) => {
            assert_eq!(ours, theirs, "one text, one value");
            assert!(!facts.duplicate && !facts.nul_in_name && facts.depth <= 32, "{facts:?}");
            let written = serde_json::to_vec(&ours).expect("values serialise");
            assert_eq!(json::from_slice::<Value>(&written), Ok(ours), "read, written and read again");
        }
        // Where serde_json has no number, there is the nearest one here.
        (Ok(_), None) => assert!(is_out_of_range(data), "accepted what is not JSON"),
        (Err(error), Some((_, facts))) => match error {
            JsonError::DuplicateMember { .. } => assert!(facts.duplicate),
            JsonError::NulInName { .. } => assert!(facts.nul_in_name),
            JsonError::TooDeep { .. } => assert!(facts.depth > 32),
            error => panic!("refused JSON: {error}"),
        },
        (Err(_), None) => {}
    }
    typed::<Everything>(data);
    typed::<Tagged>(data);
    typed::<BTreeMap<u32, Option<bool>>>(data);
    typed::<BTreeMap<i64, Untagged>>(data);
    typed::<(u8, String, Vec<char>)>(data);
});

/// A type reads from Jeton's reader what it reads from serde_json, if anything.
fn typed<T: DeserializeOwned + PartialEq + Debug>(data: &[u8]) {
    if let Ok(ours) = json::from_slice::<T>(data) {
        match serde_json::from_slice::<T>(data) {
            Ok(theirs) => assert_eq!(ours, theirs, "one text, one value"),
            // serde_json looks for the digits of such a name in the text itself, where they may stand escaped.
            Err(error) if error.to_string().starts_with("invalid value: expected key to be a number") => {
                assert!(data.contains(&b'\\'), "serde_json reads it too: {error}");
            }
            Err(error) => assert!(is_out_of_range(data), "serde_json reads it too: {error}"),
        }
    }
}

/// Whether serde_json minds nothing but a number beyond the range of a double.
fn is_out_of_range(data: &[u8]) -> bool {
    serde_json::from_slice::<Value>(data)
        .is_err_and(|error| error.to_string().starts_with("number out of range"))
}

/// A member of every kind.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    a: i8,
    b: Option<u64>,
    c: f64,
    d: String,
    e: Vec<Tagged>,
    f: Option<Box<Everything>>,
    #[serde(default)]
    g: BTreeMap<String, Untagged>,
    #[serde(default)]
    h: Option<i128>,
    #[serde(default)]
    i: (),
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Tagged {
    Unit,
    New(u16),
    Tuple(bool, char),
    Struct { x: i32, y: Option<String> },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Text(String),
    List(Vec<bool>),
}

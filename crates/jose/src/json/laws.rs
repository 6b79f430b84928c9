//! What must hold for any text: reader and document judge alike, and the writer writes what `serde_json` does.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value as Tree};

use super::{Document, JsonError, Limits, Onlooker, Value, Written, number, read_object, to_vec};

/// Texts that are JSON, or nearly: escapes, names that are equal in disguise, odd numbers, other alphabets, white space.
fn text() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "iss",
        "i\\u0073s",
        "sub",
        "sid",
        "exp",
        "aud",
        "aid",
        "",
        "é",
        "\\u00e9",
        "scope",
        "slope",
        "a\\u0000",
        "a\\n",
        "b",
        "c",
        "d",
    ]);
    let leaf = prop_oneof![
        prop::sample::select(vec![
            "null",
            "true",
            "false",
            "nul",
            "0",
            "-0",
            "01",
            "-",
            "7",
            "1800000000",
            "1.5",
            "1.",
            ".5",
            "1e3",
            "1E+2",
            "1e400",
            "0.1",
            "9007199254740993",
            "18446744073709551615",
            "18446744073709551616",
            "-9223372036854775808",
            "12345678901234567890123",
            "\"\\ud83d\\ude00\"",
            "\"\\ud83d\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"a\tb\"",
            "\"",
            "\"https://auth.example.com\"",
            "\"5f0c3a1e9b7d4c2f8e6a0b1c2d3e4f50\"",
            "\"0123456789abcdé\"",
            "\"\"",
        ])
        .prop_map(str::to_owned),
        "[a-zA-Z0-9 .:/é\u{1f600}-]{0,40}".prop_map(|text| format!("\"{text}\"")),
    ];
    let space = || prop::sample::select(vec!["", "", "", " ", "\n", "\t \r", "\u{a0}"]);
    let value = leaf.prop_recursive(4, 60, 12, move |inner| {
        let comma = (space(), inner.clone()).prop_map(|(space, value)| format!("{space}{value}"));
        let member = (space(), name.clone(), space(), inner)
            .prop_map(|(before, name, after, value)| format!("{before}\"{name}\"{after}:{value}{after}"));
        prop_oneof![
            prop::collection::vec(comma, 0..5).prop_map(|parts| format!("[{}]", parts.join(","))),
            prop::collection::vec(member, 0..10).prop_map(|parts| format!("{{{}}}", parts.join(","))),
        ]
    });
    let object = (name_list(), value.clone()).prop_map(|(names, value)| {
        let members: Vec<String> = names.iter().map(|name| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    });
    (prop_oneof![value, object], any::<prop::sample::Index>(), 0..12u8).prop_map(|(mut text, at, change)| {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        if let (Some(&at), true) = (places.get(at.index(places.len().max(1))), change < 4) {
            match change {
                0 => drop(text.remove(at)),
                1 => text.insert(at, ','),
                2 => text.insert(at, '"'),
                _ => text.truncate(at),
            }
        }
        text
    })
}

/// More names than a reader tells apart by itself, some of them alike at both ends and in the middle.
fn name_list() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[ab]{1,2}[xy]{0,3}c?[ab]", 0..40)
}

/// Everything in one value, as the document has it.
fn tree(value: Value<'_, '_>) -> Option<Tree> {
    if let Some(members) = value.members() {
        let members = members.map(|(name, value)| Some((name.into_owned(), tree(value)?)));
        return members.collect::<Option<Map<_, _>>>().map(Tree::Object);
    }
    if let Some(elements) = value.elements() {
        return elements.map(tree).collect::<Option<Vec<_>>>().map(Tree::Array);
    }
    if let Some(text) = value.as_str() {
        return Some(Tree::String(text.into_owned()));
    }
    let Some(text) = value.as_number() else {
        return Some(value.as_bool().map_or(Tree::Null, Tree::Bool));
    };
    // What is no integer of 64 bits is the nearest double.
    if number::is_integer(text) && text != "-0" {
        let integer = text.parse::<u64>().map(Tree::from).or_else(|_| text.parse::<i64>().map(Tree::from));
        if let Ok(integer) = integer {
            return Some(integer);
        }
    }
    number::nearest_f64(text).ok().map(Tree::from)
}

/// What is shown of the outermost object.
#[derive(Default, PartialEq, Debug)]
struct Seen(Vec<(String, String, usize)>);

impl Onlooker for Seen {
    fn member(&mut self, name: &str, value: Written<'_>) {
        let text = value.text();
        assert!(!value.plain || !text.contains('\\'), "{text}");
        assert!(value.integer.is_none_or(|integer| text == integer.to_string()), "{text}");
        self.0.push((name.to_owned(), text.to_owned(), value.start));
    }
}

fn document_shows(document: &Document<'_>) -> Seen {
    let members = document.root().members().into_iter().flatten();
    Seen(
        members
            .map(|(name, value)| (name.into_owned(), value.text().to_owned(), value.written().start))
            .collect(),
    )
}

/// A type that asks for some members, and passes over others.
#[derive(Debug, PartialEq, serde::Deserialize)]
struct Some2 {
    iss: Option<Tree>,
    #[serde(default)]
    scope: Tree,
}

/// Every shape that serde knows.
#[derive(Serialize)]
enum Shape {
    Unit,
    Newtype(Tree),
    Tuple(i8, f64, char),
    Struct {
        text: String,
        none: Option<u8>,
        bytes: Vec<u8>,
        by_number: BTreeMap<i32, bool>,
        by_truth: BTreeMap<bool, ()>,
    },
}

fn value() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::from),
        any::<u64>().prop_map(Tree::from),
        any::<i64>().prop_map(Tree::from),
        any::<f64>().prop_map(Tree::from),
        any::<String>().prop_map(Tree::from),
        "[ -~\u{0}-\u{1f}\u{7f}é]{0,40}".prop_map(Tree::from),
    ];
    leaf.prop_recursive(4, 40, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Tree::from),
            prop::collection::vec((any::<String>(), inner), 0..8)
                .prop_map(|members| Tree::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_reader_accepts_what_the_document_accepts(text in text()) {
        let document = Document::parse_str(&text, Limits::PAYLOAD);
        let is_object = document.as_ref().is_ok_and(|document| document.root().members().is_some());
        let mut seen = Seen::default();
        let read = read_object::<IgnoredAny, _>(&text, &mut seen);
        prop_assert_eq!(read.is_ok(), is_object, "{}", text);
        if let (Ok(document), true) = (document, is_object) {
            prop_assert_eq!(seen, document_shows(&document), "{}", text);
        }
    }

    #[test]
    fn the_reader_reads_what_the_document_holds(text in text()) {
        let document = Document::parse_str(&text, Limits::PAYLOAD);
        let expected = document.as_ref().ok().filter(|document| document.root().members().is_some());
        let (mut seen, mut nobody) = (Seen::default(), ());
        let read = read_object::<Tree, _>(&text, &mut seen);
        let held = expected.and_then(|document| tree(document.root()));
        prop_assert_eq!(read.as_ref().ok(), held.as_ref(), "{}", text);
        if let (Ok(_), Some(document)) = (&read, expected) {
            prop_assert_eq!(seen, document_shows(document), "{}", text);
        }
        if let (Ok(some), Ok(Tree::Object(all))) = (read_object::<Some2, _>(&text, &mut nobody), &read) {
            let found = Some2 {
                iss: all.get("iss").filter(|iss| !iss.is_null()).cloned(),
                scope: all.get("scope").cloned().unwrap_or_default(),
            };
            prop_assert_eq!(some, found);
        }
        if document.is_err() {
            prop_assert!(read_object::<Some2, _>(&text, &mut nobody).is_err());
        }
    }

    #[test]
    fn an_error_of_the_text_comes_before_one_of_the_type(text in text()) {
        if let Err(fault) = Document::parse_str(&text, Limits::PAYLOAD) {
            prop_assert_eq!(super::from_slice::<u8>(text.as_bytes()), Err::<u8, JsonError>(fault));
        }
    }

    #[test]
    fn the_writer_writes_what_serde_json_writes(value in value(), text: String, number: f64, small: i8, letter: char) {
        prop_assert_eq!(to_vec(&value).ok(), serde_json::to_vec(&value).ok());
        let by_number = BTreeMap::from([(-7, true), (i32::from(small), false)]);
        let by_truth = BTreeMap::from([(true, ()), (false, ())]);
        let shapes = (
            Shape::Unit,
            Shape::Tuple(small, number, letter),
            Shape::Newtype(value),
            Shape::Struct { bytes: text.clone().into_bytes(), text, none: None, by_number, by_truth },
        );
        prop_assert_eq!(to_vec(&shapes).ok(), serde_json::to_vec(&shapes).ok());
    }
}

#[test]
fn a_name_that_is_no_string_is_refused_as_serde_json_refuses_it() {
    let names = BTreeMap::from([(vec![1], 2)]);
    assert!(to_vec(&names).is_err() && serde_json::to_vec(&names).is_err());
}

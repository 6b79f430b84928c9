//! The JSON reader by itself.

use std::collections::BTreeMap;

use jeton_jose::json;

#[test]
fn a_number_as_a_name_has_one_spelling() {
    let read = |text: &str| json::from_slice::<BTreeMap<i64, bool>>(text.as_bytes());
    assert_eq!(read(r#"{"0":true,"-7":false}"#).unwrap(), BTreeMap::from([(0, true), (-7, false)]));
    for other in ["+1", "01", "-0", "1.0", "1e0", " 1", ""] {
        let text = format!(r#"{{"1":true,"{other}":false}}"#);
        assert_eq!(read(&text).unwrap_err().code(), "json_number", "{other:?}");
    }
}

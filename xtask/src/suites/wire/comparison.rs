//! What of an answer is compared: the status, the body, and the header fields that clients act on.

use super::rows::Row;
use crate::rig::http::Answer;
use crate::rig::jwt;

/// What a client of either server would see, as text.
pub(super) fn essence(row: &Row, answer: &Answer) -> String {
    let mut essence = format!("{} {}", answer.status, body(&answer.body));
    let mut header = |name: &str| {
        if let Some(value) = answer.header(name) {
            essence.push_str(&format!(" [{name}: {}]", value_of(name, value)));
        }
    };
    header("content-type");
    header("www-authenticate");
    if answer.status == 405 || row.method == "OPTIONS" {
        header("allow");
    }
    essence
}

/// The body with each token replaced by the word "token", and what a JSON parser says of broken JSON left out, since
/// that is the parser's own.
fn body(body: &str) -> String {
    const PARSE_ERROR: &str = "{\"detail\":\"JSON parse error - ";
    if body.starts_with(PARSE_ERROR) {
        return format!("{PARSE_ERROR}…\"}}");
    }
    let words = body.split_inclusive('"').map(|word| match word.strip_suffix('"') {
        Some(text) if jwt::decode(text).is_ok() => "token\"",
        _ => word,
    });
    words.collect()
}

fn value_of(name: &str, value: &str) -> String {
    match name {
        // Jeton adds the error that RFC 6750 §3 wants where a token was sent.
        "www-authenticate" => value.split(", error=").next().unwrap_or(value).to_owned(),
        "allow" => {
            let mut methods: Vec<&str> = value.split(',').map(str::trim).collect();
            methods.sort_unstable();
            methods.join(", ")
        }
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{body, value_of};

    #[test]
    fn tokens_are_compared_by_their_place_alone() {
        let pair = r#"{"access":"e30.e30.x","refresh":"e30.e30.y","more":"a.b.c"}"#;
        assert_eq!(body(pair), r#"{"access":"token","refresh":"token","more":"a.b.c"}"#);
    }

    #[test]
    fn the_words_of_a_json_parser_are_its_own() {
        assert_eq!(body(r#"{"detail":"JSON parse error - line 1"}"#), r#"{"detail":"JSON parse error - …"}"#);
    }

    #[test]
    fn the_order_of_methods_and_an_added_error_do_not_count() {
        assert_eq!(value_of("allow", "POST,OPTIONS"), "OPTIONS, POST");
        assert_eq!(
            value_of("www-authenticate", r#"Bearer realm="api", error="invalid_token""#),
            r#"Bearer realm="api""#
        );
    }
}

//! The words of OAuth: parameters mean what another reader of forms takes them for; scopes, realms and descriptions hold only
//! what may stand in a challenge, and come out as they went in; claims are written and read again as the same; and a
//! redirect URI leads where a browser goes, to the host that we think it has.
#![no_main]

use form_urlencoded::parse;
use jeton_fuzz::{second_opinion, token};
use jeton_jose::json;
use jeton_oauth::authorization::ClaimsRequest;
use jeton_oauth::pkce::{CodeChallenge, CodeVerifier};
use jeton_oauth::{
    AccessTokenClaims, BearerChallenge, BearerError, ErrorDescription, Parameters, Realm, RedirectUri, Scope,
};
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|data: &[u8]| {
    parameters(data);
    claims(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    scope(text);
    challenge(text);
    redirect_uri(text);
    proof_key(text);
    if let Ok(request) = ClaimsRequest::parse(text) {
        second_opinion::agreed(data);
        let _ = request.is_empty();
    }
});

fn parameters(data: &[u8]) {
    let Ok(parameters) = Parameters::parse(data) else { return };
    let theirs: Vec<(String, String)> =
        parse(data).map(|(name, value)| (name.into(), value.into())).collect();
    let ours: Vec<(String, String)> =
        parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    assert_eq!(ours, theirs, "another reader sees the same parameters");
    for (index, (name, _)) in ours.iter().enumerate() {
        let repeated = ours.iter().skip(index + 1).any(|(other, _)| other == name);
        assert!(!repeated || Parameters::REPEATABLE.contains(&name.as_str()), "{name} is repeated");
    }
    assert!(ours.len() <= Parameters::MAX_COUNT);
    let again = Parameters::parse(parameters.to_query().as_bytes()).expect("what was written is read");
    assert!(again == parameters, "written and read again");
}

fn claims(data: &[u8]) {
    let Ok(claims) = json::from_slice::<AccessTokenClaims>(data) else { return };
    second_opinion::agreed(data);
    let written = serde_json::to_vec(&claims);
    // A token that is neither for access nor for refreshing has no word of ours.
    let Ok(written) = written else { return };
    assert_eq!(json::from_slice::<AccessTokenClaims>(&written), Ok(claims), "written and read again");
}

fn scope(text: &str) {
    let Ok(scope) = Scope::parse(text) else { return };
    let again = Scope::parse(scope.as_str()).expect("what was written is read");
    assert_eq!(again.as_str(), scope.as_str());
    assert_eq!(again, scope);
    let tokens: Vec<&str> = text.split_ascii_whitespace().collect();
    assert!(tokens.iter().all(|token| scope.contains(token)), "nothing is lost");
    assert!(scope.tokens().all(|token| tokens.contains(&token)), "nothing is added");
    assert_eq!(scope.is_empty(), tokens.is_empty());
    assert!(scope.covers(&again) && scope.covers(&Scope::default()));
}

fn challenge(text: &str) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let (second, third) = rest.split_once('\n').unwrap_or((rest, ""));
    let Ok(realm) = Realm::parse(first) else { return };
    let mut challenge = BearerChallenge::new(realm).error(BearerError::InvalidToken);
    let mut expected = vec![("realm", first), ("error", "invalid_token")];
    if let Ok(description) = ErrorDescription::parse(second.to_owned()) {
        challenge = challenge.error_description(description);
        expected.push(("error_description", second));
    }
    let scope = Scope::parse(third).unwrap_or_default();
    if !scope.is_empty() {
        challenge = challenge.scope(scope.clone());
        expected.push(("scope", scope.as_str()));
    }
    let written = challenge.to_string();
    let written = written.strip_prefix("Bearer ").expect("the scheme");
    // Names and quoted values in turn: nothing within the quotes ends them.
    let mut pieces = written.split('"');
    for (index, (name, value)) in expected.iter().enumerate() {
        let before = if index == 0 { "" } else { ", " };
        assert_eq!(pieces.next(), Some(format!("{before}{name}=").as_str()));
        assert_eq!(pieces.next(), Some(*value));
    }
    assert_eq!((pieces.next(), pieces.next()), (Some(""), None));
}

fn redirect_uri(text: &str) {
    let Ok(uri) = RedirectUri::parse(text) else { return };
    assert_eq!(uri.as_str(), text);
    assert!(uri.permits(&uri));
    let (scheme, _) = text.split_once(':').expect("a scheme");
    match Url::parse(text) {
        Ok(browser) => {
            assert_eq!(browser.scheme(), scheme);
            assert!(browser.fragment().is_none());
            if let Some(host) = uri.host() {
                assert!(browser.username().is_empty() && browser.password().is_none(), "{text}");
                let seen = browser.host_str().expect("a host");
                assert!(
                    seen.eq_ignore_ascii_case(host) || !is_plain(host),
                    "we think that {text} leads to {host}, a browser goes to {seen}"
                );
                if scheme == "http" {
                    let local =
                        matches!(seen, "127.0.0.1" | "[::1]" | "localhost") || seen.ends_with(".localhost");
                    assert!(local, "plain http leads to {seen}");
                }
            }
        }
        // What no browser takes for a URI leads nowhere.
        Err(_) => {}
    }
}

/// Whether a host is made of letters, digits, dots and hyphens only, and so is not rewritten by a browser: an address in
/// another notation is.
fn is_plain(host: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let last = host.rsplit('.').find(|label| !label.is_empty()).unwrap_or_default();
    host.bytes().all(letter) && !last.starts_with(|first: char| first.is_ascii_digit())
}

fn proof_key(text: &str) {
    if let Ok(verifier) = CodeVerifier::parse(text) {
        let challenge = verifier.challenge();
        assert_eq!(challenge.as_str(), token::encode(token::sha256(text)), "RFC 7636 §4.6");
        assert!(challenge.is_met_by(&verifier));
    }
    if let Ok(challenge) = CodeChallenge::parse(text) {
        assert_eq!(token::decode(text).map(|bytes| bytes.len()), Some(32));
        assert_eq!(challenge.as_str(), text);
    }
}

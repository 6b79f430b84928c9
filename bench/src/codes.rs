//! Authorization codes: each given to the client by a request of its own, in the browser of a user who signed in once.

use std::net::SocketAddr;

use crate::client::{CODE_CHALLENGE, CODE_VERIFIER, NONCE, REDIRECT_URI, USER_SCOPE};
use crate::contender::BenchError;
use crate::floor::{PASSWORD, USERNAME};
use crate::load::{self, Request};

/// Codes asked for at once.
const AT_ONCE: usize = 64;

/// What gives codes.
#[derive(Debug, Clone)]
pub enum CodeSource {
    /// The floor, which asks nobody anything.
    Floor,
    /// The authority, to whoever has this browser's cookies.
    Browser(Request),
}

impl CodeSource {
    /// Signs in to a client on the authority's own page.
    ///
    /// # Errors
    /// When the page is not as it should be, or refuses.
    pub fn sign_in(server: SocketAddr, client: &str) -> Result<Self, BenchError> {
        let target = authorize(client);
        let page = load::send_once(server, &Request::get(&target))?;
        let form = Form::last_of(&page.body)
            .ok_or_else(|| BenchError::Other("the sign-in page has no form".to_owned()))?;
        let token = form_encoded(&form.token);
        let password = form_encoded(PASSWORD);
        let body = format!("form_token={token}&username={USERNAME}&password={password}&action=sign_in");
        let sign_in = Request::post_form(&form.action, body).header("cookie", &page.cookies.join("; "));
        let signed_in = load::send_once(server, &sign_in)?;
        let cookies = [page.cookies, signed_in.cookies].concat().join("; ");
        Ok(Self::Browser(Request::get(&target).header("cookie", &cookies)))
    }

    /// So many codes.
    ///
    /// # Errors
    /// When one is refused.
    pub fn take(&self, server: SocketAddr, count: usize) -> Result<Vec<String>, BenchError> {
        let request = match self {
            Self::Browser(authorize) => authorize.clone(),
            Self::Floor => Request::post_json(
                "/code",
                format!(r#"{{"username":"{USERNAME}","code_challenge":"{CODE_CHALLENGE}"}}"#),
            ),
        };
        let replies = load::send_many(server, &request, count, AT_ONCE)?;
        let codes = replies.iter().map(|reply| match (self, &reply.location) {
            (Self::Floor, _) => load::member(&reply.body, "code").ok(),
            (Self::Browser(_), Some(location)) => code_of(location).map(str::to_owned),
            (Self::Browser(_), None) => None,
        });
        codes.collect::<Option<_>>().ok_or_else(|| {
            BenchError::Other("an authorization request was answered without a code".to_owned())
        })
    }
}

/// The body of a redemption before the code and behind it.
pub fn redemption() -> [String; 2] {
    let redirect_uri = form_encoded(REDIRECT_URI);
    let after = format!("&redirect_uri={redirect_uri}&code_verifier={CODE_VERIFIER}");
    ["grant_type=authorization_code&code=".to_owned(), after]
}

/// A client's request for a code (RFC 6749 §4.1.1).
fn authorize(client: &str) -> String {
    let redirect_uri = form_encoded(REDIRECT_URI);
    format!(
        "/authorize?response_type=code&client_id={client}&redirect_uri={redirect_uri}&scope={USER_SCOPE}\
         &state=af0ifjsldkj&nonce={NONCE}&code_challenge={CODE_CHALLENGE}&code_challenge_method=S256"
    )
}

fn code_of(location: &str) -> Option<&str> {
    let (_, query) = location.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix("code="))
}

/// A text as the value of a form or a query.
fn form_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// The form of the sign-in page.
struct Form {
    action: String,
    token: String,
}

impl Form {
    fn last_of(page: &str) -> Option<Self> {
        // A form for a passkey needs a script.
        let form = page.split("<form").skip(1).filter(|form| !form.contains("data-passkey")).last()?;
        let attribute = |tag: &str, name: &str| {
            let (_, value) = tag.split_once(&format!(" {name}=\""))?;
            Some(value.split_once('"')?.0.replace("&#38;", "&"))
        };
        let hidden = form.split('<').find(|tag| tag.contains("name=\"form_token\""))?;
        Some(Self { action: attribute(form, "action")?, token: attribute(hidden, "value")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_page_says_where_it_leads_and_what_it_hides() {
        let page = r#"<form action="/a"></form><form method="post" action="/b?x=1&#38;y=2">
            <input type="hidden" name="form_token" value="t-1"><input name="username" value="">"#;
        let form = Form::last_of(page).expect("a form");
        assert_eq!((form.action.as_str(), form.token.as_str()), ("/b?x=1&y=2", "t-1"));
    }

    #[test]
    fn a_code_is_found_in_the_redirect() {
        assert_eq!(code_of("https://app.example/callback?state=s&code=abc&iss=i"), Some("abc"));
        assert_eq!(code_of("https://app.example/callback?error=access_denied"), None);
    }
}

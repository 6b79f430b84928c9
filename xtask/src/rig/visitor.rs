//! Somebody in front of a browser without scripts: keeps cookies, follows redirects, and fills in the authority's pages.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

use super::http::{Answer, Client};
use super::page::{Form, encode};
use super::redact::redact;

/// How many pages and redirects may lie between a link and what it leads to.
const STEPS: usize = 20;

/// A person with a browser of their own.
#[derive(Debug)]
pub(crate) struct Visitor {
    username: String,
    password: String,
    /// By origin, so that what listens on another port of this machine is another site.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
    sign_ins: usize,
    exchanges: Vec<String>,
}

/// Where a link led to.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// The address of the page.
    pub(crate) url: String,
    /// The page.
    pub(crate) answer: Answer,
}

impl Visitor {
    /// A person who signs in with this name and this password wherever the sign-in page asks.
    pub(crate) fn new(username: &str, password: &str) -> Self {
        Self {
            username: username.to_owned(),
            password: password.to_owned(),
            cookies: BTreeMap::new(),
            sign_ins: 0,
            exchanges: Vec::new(),
        }
    }

    /// How often they have typed their password.
    pub(crate) fn sign_ins(&self) -> usize {
        self.sign_ins
    }

    /// What went over the wire since this was last asked, a line each, without secrets.
    pub(crate) fn take_exchanges(&mut self) -> Vec<String> {
        std::mem::take(&mut self.exchanges)
    }

    /// Follows a link: through redirects, the sign-in page and the question whether to sign out, to what lies behind.
    ///
    /// # Errors
    /// When a server does not answer, or there is no end to it.
    pub(crate) fn visit(&mut self, url: &str) -> Result<Arrival> {
        let mut url = url.to_owned();
        let mut answer = self.send("GET", &url, "")?;
        for _ in 0..STEPS {
            if (300..400).contains(&answer.status) {
                let location = answer.header("location").context("a redirect without a location")?;
                url = absolute(&url, location)?;
                answer = self.send("GET", &url, "")?;
            } else if let Some(form) = self.filled_in(&answer) {
                url = absolute(&url, &form.action)?;
                answer = self.send("POST", &url, &encode(&form.fields))?;
            } else {
                return Ok(Arrival { url, answer });
            }
        }
        bail!("no end after {STEPS} pages and redirects")
    }

    /// The form of one of the authority's pages, filled in; nothing on every other page.
    fn filled_in(&mut self, page: &Answer) -> Option<Form> {
        let form = Form::last_of(&page.body)?;
        if form.has("password") && page.status == 200 {
            self.sign_ins += 1;
            let (username, password) = (self.username.clone(), self.password.clone());
            return Some(
                form.with("username", &username).with("password", &password).with("action", "sign_in"),
            );
        }
        form.offers("sign_out").then(|| form.with("action", "sign_out"))
    }

    fn send(&mut self, method: &str, url: &str, body: &str) -> Result<Answer> {
        let (origin, path) = split(url)?;
        let cookies = self.cookies.entry(origin.to_owned()).or_default();
        let line: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let line = line.join("; ");
        let mut headers = vec![("accept", "text/html")];
        if !line.is_empty() {
            headers.push(("cookie", &line));
        }
        if method == "POST" {
            headers.push(("content-type", "application/x-www-form-urlencoded"));
        }
        let answer = Client::new(origin).send(method, path, &headers, body)?;
        for (_, cookie) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            keep(cookies, cookie);
        }
        let to = answer.header("location").map(|location| format!(" -> {location}")).unwrap_or_default();
        self.exchanges.push(redact(&format!("{method} {url}: {}{to}", answer.status)));
        Ok(answer)
    }
}

/// Keeps a cookie, or forgets one that the server takes back.
fn keep(cookies: &mut BTreeMap<String, String>, line: &str) {
    let Some((name, value)) = line.split(';').next().and_then(|pair| pair.split_once('=')) else { return };
    let attributes = line.to_ascii_lowercase();
    if attributes.contains("max-age=0") || attributes.contains("01 jan 1970") {
        cookies.remove(name);
    } else {
        cookies.insert(name.to_owned(), value.to_owned());
    }
}

/// The origin of an http address, and what follows it.
fn split(url: &str) -> Result<(&str, &str)> {
    let rest = url.strip_prefix("http://").with_context(|| format!("no http address: {}", redact(url)))?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len()) + "http://".len();
    let (origin, path) = url.split_at(end);
    Ok((origin, if path.is_empty() { "/" } else { path }))
}

/// A link on the page at `base`. Those that are followed here are whole addresses or begin with a slash.
fn absolute(base: &str, link: &str) -> Result<String> {
    if link.starts_with('/') {
        return Ok(format!("{}{link}", split(base)?.0));
    }
    Ok(link.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{absolute, keep, split};

    #[test]
    fn an_address_is_an_origin_and_a_path() {
        assert_eq!(split("http://a:1/b?c").ok(), Some(("http://a:1", "/b?c")));
        assert_eq!(split("http://a:1").ok(), Some(("http://a:1", "/")));
        assert_eq!(absolute("http://a:1/b?c", "/d").ok().as_deref(), Some("http://a:1/d"));
        assert_eq!(absolute("http://a:1/b", "http://e/").ok().as_deref(), Some("http://e/"));
    }

    #[test]
    fn a_cookie_is_kept_until_it_is_taken_back() {
        let mut cookies = Default::default();
        keep(&mut cookies, "a=1; Path=/; HttpOnly");
        assert_eq!(cookies.get("a").map(String::as_str), Some("1"));
        keep(&mut cookies, "a=; Path=/; Max-Age=0");
        assert!(cookies.is_empty());
    }
}

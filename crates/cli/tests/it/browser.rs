//! As much of a browser as it takes to sign in: redirects, forms, and cookies by host.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A page that the browser ended up on.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    /// Where it is.
    pub(crate) url: String,
    pub(crate) head: String,
    pub(crate) text: String,
}

impl Page {
    /// Where it leads on to.
    pub(crate) fn location(&self) -> String {
        resolve(&self.url, &header(&self.head, "location").unwrap_or_else(|| panic!("{self:?}")))
    }
}

/// A browser with nothing in it.
#[derive(Default)]
pub(crate) struct Browser {
    /// By host and name. Ports do not tell cookies apart, in browsers neither.
    cookies: BTreeMap<(String, String), String>,
}

impl Browser {
    /// How many cookies it keeps for a host.
    pub(crate) fn cookies_of(&self, host: &str) -> usize {
        self.cookies.keys().filter(|(of, _)| of == host).count()
    }

    /// Opens an address and goes where it leads.
    pub(crate) fn open(&mut self, url: &str) -> Page {
        self.go("GET", url, None, None)
    }

    /// Submits the last form of a page whose action contains `action`.
    pub(crate) fn submit(&mut self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        let form = page.text.split("<form").filter(|form| {
            form.split('>')
                .next()
                .and_then(|tag| attribute(tag, "action"))
                .is_some_and(|it| it.contains(action))
        });
        let form = form.last().unwrap_or_else(|| panic!("no form to {action}: {page:?}"));
        let form = form.split("</form>").next().expect("a form");
        let target = resolve(&page.url, &attribute(form, "action").expect("an action"));
        let mut body: Vec<(String, String)> = form
            .split("<input")
            .filter(|input| input.contains("type=\"hidden\""))
            .map(|input| {
                (attribute(input, "name").expect("a name"), attribute(input, "value").expect("a value"))
            })
            .collect();
        body.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let body: Vec<_> =
            body.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        self.go("POST", &target, Some(body.join("&")), Some(&origin(&page.url)))
    }

    fn go(&mut self, method: &str, url: &str, body: Option<String>, from: Option<&str>) -> Page {
        let mut page = self.ask(method, url, body, from);
        for _ in 0..10 {
            let Some(target) = header(&page.head, "location").filter(|_| page.status == 303) else {
                return page;
            };
            let target = target.split('#').next().unwrap_or_default();
            page = self.ask("GET", &resolve(&page.url, target), None, None);
        }
        panic!("too many redirects: {page:?}");
    }

    /// One request, and its answer as it is.
    pub(crate) fn ask(&mut self, method: &str, url: &str, body: Option<String>, from: Option<&str>) -> Page {
        let (host, path) =
            url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("an address");
        let name = host.split(':').next().expect("a host").to_owned();
        let cookies = self.cookies.iter().filter(|((host, _), _)| *host == name);
        let cookies: Vec<_> = cookies.map(|((_, name), value)| format!("{name}={value}")).collect();
        let mut request = format!("{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        if !cookies.is_empty() {
            request.push_str(&format!("Cookie: {}\r\n", cookies.join("; ")));
        }
        if let Some(from) = from {
            request.push_str(&format!("Origin: {from}\r\n"));
        }
        match body {
            Some(body) => request.push_str(&format!(
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )),
            None => request.push_str("\r\n"),
        }
        let mut stream = TcpStream::connect(host).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(120))).expect("a time-out");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (head, text) = answer.split_once("\r\n\r\n").expect("a body");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        for cookie in head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let (pair, flags) = cookie.split_once(';').expect("flags");
            let (key, value) = pair.split_once('=').expect("a cookie");
            let place = (name.clone(), key.to_owned());
            if flags.contains("Max-Age=0") {
                self.cookies.remove(&place);
            } else {
                self.cookies.insert(place, value.to_owned());
            }
        }
        Page { status, url: url.to_owned(), head: head.to_owned(), text: text.to_owned() }
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split_once(&format!(" {name}=\""))?.1.split('"').next()?;
    Some(value.replace("&#38;", "&").replace("&#34;", "\"").replace("&#39;", "'").replace("&amp;", "&"))
}

fn origin(url: &str) -> String {
    let rest = url.strip_prefix("http://").expect("an address");
    format!("http://{}", rest.split('/').next().expect("a host"))
}

fn resolve(base: &str, target: &str) -> String {
    if target.starts_with('/') { format!("{}{target}", origin(base)) } else { target.to_owned() }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

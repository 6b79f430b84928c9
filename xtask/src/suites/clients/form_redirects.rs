//! Chromium behind the authority's forms: an application's redirect URI leads on to other origins, to an address that no policy can
//! name, or to an app's own scheme.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use anyhow::Result;

use super::{Authority, PASSWORD, Stage, USERNAME};
use crate::report::Report;
use crate::rig::browser::Browser;
use crate::rig::page::encode;
use crate::rig::redact::redact;
use crate::rig::site::Site;
use crate::rig::{expect, wait_for};

/// RFC 7636 appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// What an app on the machine would be opened with. Chromium knows none here.
const OWN_SCHEME: &str = "com.example.app:/done";

/// How long the browser may take to get somewhere.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs the suite.
pub(in crate::suites) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let authority = Authority::start(stage, "form-redirects", &[])?;
    let (v4, v6) = (IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST));
    let last = Site::start(v6, None)?;
    let second = Site::start(v4, Some(&last.at("[::1]")))?;
    let first = Site::start(v4, Some(&second.at("127.0.0.1")))?;
    let to_app = Site::start(v4, Some(OWN_SCHEME))?;
    for (id, callback) in
        [("chain", first.at("localhost")), ("direct", last.at("[::1]")), ("app", to_app.at("127.0.0.1"))]
    {
        authority.add_client(
            id,
            &["--public", "--redirect-uri", &callback, "--post-logout-redirect-uri", &callback],
        )?;
    }
    let browser = Browser::open(&stage.scratch)?;
    let visitor = Visitor { browser: &browser, issuer: authority.issuer() };
    for (id, callback) in [("chain", first.at("localhost")), ("direct", last.at("[::1]"))] {
        report.check(&format!("a sign-in leads to its end: {id}"), || {
            visitor.asks(id, &callback, &[("prompt", "login")])?;
            visitor.signs_in()?;
            visitor.arrives_at(&last.at("[::1]"))
        });
        report.check(&format!("consent leads to its end: {id}"), || {
            visitor.asks(id, &callback, &[("prompt", "consent")])?;
            visitor.presses("allow")?;
            visitor.arrives_at(&last.at("[::1]"))
        });
        report.check(&format!("a choice of the account leads to its end: {id}"), || {
            visitor.asks(id, &callback, &[("prompt", "select_account")])?;
            visitor.presses("continue")?;
            visitor.arrives_at(&last.at("[::1]"))
        });
        report.check(&format!("a posted answer leads to its end: {id}"), || {
            visitor.asks(id, &callback, &[("response_mode", "form_post")])?;
            visitor.arrives_at(&last.at("[::1]"))
        });
        report.check(&format!("signing out leads to its end: {id}"), || {
            visitor.asks_to_sign_out(id, &callback)?;
            visitor.presses("sign_out")?;
            visitor.arrives_at(&last.at("[::1]"))
        });
    }
    report.check("an application may lead on to an app's own scheme", || {
        browser.complaints()?;
        visitor.asks("app", &to_app.at("127.0.0.1"), &[("prompt", "login")])?;
        visitor.signs_in()?;
        let sent_on = || Ok((to_app.visits() > 0).then_some(()));
        wait_for("the application to send the browser on", PATIENCE, sent_on)?;
        // Nobody is there to be opened, so the window stays where it was. What a policy forbids, Chromium says.
        std::thread::sleep(Duration::from_secs(2));
        let complaints = browser.complaints()?.join("\n");
        expect(!complaints.contains("form-action"), || format!("Chromium says: {}", redact(&complaints)))
    });
    drop(browser);
    authority.server.stop()
}

struct Visitor<'a> {
    browser: &'a Browser,
    issuer: &'a str,
}

impl Visitor<'_> {
    /// Goes where an application sends its user to sign in.
    fn asks(&self, id: &str, callback: &str, more: &[(&str, &str)]) -> Result<()> {
        let usual = [
            ("client_id", id),
            ("redirect_uri", callback),
            ("response_type", "code"),
            ("scope", "openid"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        self.goes("/authorize", &[&usual, more].concat())
    }

    fn asks_to_sign_out(&self, id: &str, callback: &str) -> Result<()> {
        self.goes("/end_session", &[("client_id", id), ("post_logout_redirect_uri", callback)])
    }

    fn goes(&self, path: &str, parameters: &[(&str, &str)]) -> Result<()> {
        let pairs: Vec<_> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.browser.visit("about:blank")?;
        self.browser.visit(&format!("{}{path}?{}", self.issuer, encode(&pairs)))
    }

    fn signs_in(&self) -> Result<()> {
        self.browser.find_soon("input#username")?.type_text(USERNAME)?;
        self.browser.find_soon("input#password")?.type_text(PASSWORD)?;
        self.presses("sign_in")
    }

    fn presses(&self, action: &str) -> Result<()> {
        self.browser.find_soon(&format!("button[value=\"{action}\"]"))?.click()
    }

    /// The browser is at the end of the redirects.
    fn arrives_at(&self, site: &str) -> Result<()> {
        let arrived = self.browser.find_soon("#arrived").map(drop).map_err(|error| {
            let address = self.browser.address().unwrap_or_default();
            let complaints = self.browser.complaints().unwrap_or_default().join("\n");
            error.context(redact(&format!("at {address}\n{complaints}")))
        });
        arrived?;
        let address = self.browser.address()?;
        expect(address.starts_with(site), || format!("it came to {}", redact(&address)))
    }
}

//! npm's oidc-client-ts in Chromium: a single-page application on another site than the authority's.

use std::process::Command;

use anyhow::Result;

use super::program::write_files;
use super::{Authority, PASSWORD, Stage, USERNAME};
use crate::machine;
use crate::report::Report;
use crate::rig::browser::Browser;
use crate::rig::expect;
use crate::rig::http::Client;
use crate::rig::process::{Running, free_port};
use crate::rig::redact::redact;

const FILES: [(&str, &str); 3] = [
    ("single-page.mjs", include_str!("../../../clients/node/single-page.mjs")),
    ("single-page.html", include_str!("../../../clients/node/single-page.html")),
    ("single-page.js", include_str!("../../../clients/node/single-page.js")),
];

/// Runs the suite.
pub(in crate::suites) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let node = machine::node(
        &stage.scratch,
        include_str!("../../../clients/node/package.json"),
        include_str!("../../../clients/node/package-lock.json"),
    )?;
    write_files(&node, &FILES)?;
    let authority = Authority::start(stage, "oidc-client-ts", &[])?;
    // The authority is at 127.0.0.1: a browser takes `localhost` for another site.
    let port = free_port()?;
    let site = format!("http://localhost:{port}");
    let [callback, bye] = ["callback", "bye"].map(|path| format!("{site}/{path}"));
    authority
        .add_client("page", &["--public", "--redirect-uri", &callback, "--post-logout-redirect-uri", &bye])?;
    let mut command = Command::new("node");
    command.arg(node.join("single-page.mjs")).env("PORT", port.to_string());
    let mut process = Running::start("node", &mut command, &authority.folder.join("client.log"))?;
    let client = Client::new(&*site);
    process.wait_until("it answers", || client.fetch("/").is_ok_and(|answer| answer.status == 200))?;

    let browser = Browser::open(&stage.scratch)?;
    let page = Page { browser: &browser, issuer: authority.issuer() };
    let signed_in = report.check("it signs in with a code, PKCE and userinfo, across origins", || {
        browser.visit(&format!("{site}/#issuer={}&clientId=page", authority.issuer()))?;
        page.comes_to("ready")?;
        page.click("sign-in")?;
        page.sign_in()?;
        page.comes_to("signed in")?;
        browser.wait_until_shown("#person", |shown| shown == USERNAME)
    });
    if !signed_in {
        return Ok(());
    }
    report.check("it refreshes across origins", || {
        page.click("refresh")?;
        page.comes_to("refreshed")
    });
    report.check("it signs out, and the person comes back", || {
        page.click("sign-out")?;
        page.comes_to("signed out")?;
        expect(browser.address()?.starts_with(&bye), || "they came elsewhere".to_owned())
    });
    report.check("after that a refresh is refused, and the page may read why", || {
        page.click("refresh-again")?;
        page.comes_to("400 invalid_grant")
    });
    report.check("after that one has to sign in again", || {
        page.click("sign-in")?;
        page.sign_in()?;
        page.comes_to("signed in")
    });
    drop(browser);
    authority.server.stop()
}

/// The application's page, and the authority's between.
struct Page<'a> {
    browser: &'a Browser,
    issuer: &'a str,
}

impl Page<'_> {
    fn click(&self, button: &str) -> Result<()> {
        self.browser.find_soon(&format!("button#{button}"))?.click()
    }

    /// Waits until the application says this of its last step.
    fn comes_to(&self, wanted: &str) -> Result<()> {
        self.with_complaints(self.browser.wait_until_shown("#last", |shown| shown == wanted))
    }

    /// Signs in on the authority's page, which has to come up.
    fn sign_in(&self) -> Result<()> {
        let browser = self.browser;
        self.with_complaints(browser.find_soon("input#username").map(drop))?;
        let address = browser.address()?;
        expect(address.starts_with(self.issuer), || {
            format!("the password is asked at {}", redact(&address))
        })?;
        browser.find_soon("input#username")?.type_text(USERNAME)?;
        browser.find_soon("input#password")?.type_text(PASSWORD)?;
        browser.find_soon("button[value=\"sign_in\"]")?.click()
    }

    /// Adds to a failure where the window was, and what Chromium complained of.
    fn with_complaints(&self, outcome: Result<()>) -> Result<()> {
        outcome.map_err(|error| {
            let address = self.browser.address().unwrap_or_default();
            let complaints = self.browser.complaints().unwrap_or_default().join("\n");
            error.context(redact(&format!("at {address}\n{complaints}")))
        })
    }
}

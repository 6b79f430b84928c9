//! The account in Chromium: another password, places, leaving; and axe-core on every page, light and dark, wide and narrow.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Stage;
use crate::console;
use crate::machine;
use crate::report::Report;
use crate::rig::browser::Browser;
use crate::rig::expect;
use crate::rig::process::free_port;

const USERNAME: &str = "ada";
const PASSWORD: &str = "correct horse battery";
const NEXT: &str = "vier Kamele tanzen Tango";

/// The pages that need no sign-in, and those of the account.
const OPEN: [&str; 4] = ["/account", "/device", "/debugger", "/authorize"];
const OWN: [&str; 9] = [
    "/account",
    "/account/password",
    "/account/passkeys",
    "/account/authenticator",
    "/account/places",
    "/account/applications",
    "/account/activity",
    "/account/data",
    "/end_session",
];

/// Runs the suite.
pub(super) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let port = free_port()?;
    let issuer = format!("http://localhost:{port}");
    let jeton = stage.jeton("account")?.with("JETON_ISSUER", &issuer);
    jeton.add_user(USERNAME, PASSWORD)?;
    let server = jeton.serve_on(port)?;
    let (here, there) = (Browser::open(&stage.scratch)?, Browser::open(&stage.scratch)?);
    let person = |browser| Person { browser, issuer: &issuer };
    let (ada, elsewhere) = (person(&here), person(&there));

    let axe = axe(stage)?;
    report.check("axe-core finds nothing on the pages before the sign-in", || ada.all_pass(&axe, &OPEN));
    report.check("a password that is easy to guess is refused, with the reason at its field", || {
        ada.signs_in(PASSWORD)?;
        elsewhere.signs_in(PASSWORD)?;
        ada.chooses("passwordpassword")?;
        ada.sees("#problem", "it repeats itself")?;
        ada.passes(&axe)
    });
    report.check("another password signs out everywhere else, and this browser stays signed in", || {
        ada.chooses(NEXT)?;
        ada.sees("[role=alert]", "Your password was changed.")?;
        ada.sees("h1", "Your account")?;
        elsewhere.opens("/account")?;
        elsewhere.sees("h1", "Sign in")
    });
    report.check("a browser is signed out from another one", || {
        elsewhere.signs_in(NEXT)?;
        ada.opens("/account/places")?;
        here.find_soon("button[value=end_session]")?.click()?;
        ada.sees("[role=alert]", "It is signed out.")?;
        elsewhere.opens("/account")?;
        elsewhere.sees("h1", "Sign in")
    });
    report.check("who wants to leave can change their mind", || {
        ada.opens("/account/data")?;
        here.find_soon("button[value=leave]")?.click()?;
        ada.sees("main", "Your account will be deleted on")?;
        ada.passes(&axe)?;
        here.find_soon("button[value=stay]")?.click()?;
        ada.sees("[role=alert]", "Your account stays.")
    });
    report.check("axe-core finds nothing on the pages of the account", || ada.all_pass(&axe, &OWN));
    report.check("nothing is wider than a screen of 320 pixels", || ada.fits(&OWN));
    let picture = stage.scratch.join("account.png");
    here.resize(1280, "light")?;
    ada.opens("/account")?;
    here.screenshot(&picture)?;
    console::say(&format!("        picture: {}", picture.display()));
    drop((here, there));
    server.stop()
}

/// The source of axe-core.
fn axe(stage: &Stage) -> Result<String> {
    let node = machine::node(
        &stage.scratch,
        include_str!("../../clients/node/package.json"),
        include_str!("../../clients/node/package-lock.json"),
    )?;
    let file = node.join("node_modules/axe-core/axe.min.js");
    fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))
}

struct Person<'a> {
    browser: &'a Browser,
    issuer: &'a str,
}

impl Person<'_> {
    fn opens(&self, path: &str) -> Result<()> {
        self.browser.visit(&format!("{}{path}", self.issuer))
    }

    fn signs_in(&self, password: &str) -> Result<()> {
        self.opens("/account")?;
        self.browser.find_soon("input#username")?.type_text(USERNAME)?;
        self.browser.find_soon("input#password")?.type_text(password)?;
        self.browser.find_soon("button[value=sign_in]")?.click()?;
        self.sees("h1", "Your account")
    }

    fn chooses(&self, password: &str) -> Result<()> {
        self.opens("/account/password")?;
        self.browser.find_soon("input#password")?.type_text(password)?;
        self.browser.find_soon("input#again")?.type_text(password)?;
        self.browser.find_soon("button[value=change]")?.click()
    }

    fn sees(&self, selector: &str, text: &str) -> Result<()> {
        self.browser.wait_until_shown(selector, |shown| shown.contains(text))
    }

    /// Each page, light and dark.
    fn all_pass(&self, axe: &str, paths: &[&str]) -> Result<()> {
        for scheme in ["light", "dark"] {
            self.browser.resize(1280, scheme)?;
            for path in paths {
                self.opens(path)?;
                self.passes(axe).with_context(|| format!("{path} in {scheme}"))?;
            }
        }
        self.browser.resize(1280, "light")
    }

    /// What axe-core says of the page that is open, by all rules of WCAG 2.2 AA and of good practice.
    fn passes(&self, axe: &str) -> Result<()> {
        let script = format!("{axe}; return axe.run().then((found) => found.violations)");
        let violations = self.browser.run(&script, &json!([]))?;
        let violations = violations.as_array().cloned().unwrap_or_default();
        let lines = violations.iter().map(|violation| {
            let targets = violation["nodes"].as_array().into_iter().flatten().map(|node| &node["html"]);
            let targets: Vec<String> = targets.map(Value::to_string).collect();
            format!("{}: {} {}", violation["id"], violation["help"], targets.join(" "))
        });
        expect(violations.is_empty(), || lines.collect::<Vec<_>>().join("\n"))
    }

    fn fits(&self, paths: &[&str]) -> Result<()> {
        self.browser.resize(320, "light")?;
        for path in paths {
            self.opens(path)?;
            let too_wide =
                "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
            let pixels = self.browser.run(too_wide, &json!([]))?;
            expect(pixels == 0, || format!("{path} is {pixels} pixels too wide"))?;
        }
        Ok(())
    }
}

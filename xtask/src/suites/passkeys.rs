//! Passkeys in Chromium, whose authenticators are virtual: adding, signing in alone and after the password, and what is refused.

use anyhow::Result;
use serde_json::{Value, json};

use super::Stage;
use crate::report::Report;
use crate::rig::browser::Browser;
use crate::rig::expect;
use crate::rig::process::free_port;

const USERNAME: &str = "ada";
const PASSWORD: &str = "correct horse battery";

/// Runs the suite.
pub(super) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let port = free_port()?;
    // Browsers make no passkeys for an address.
    let issuer = format!("http://localhost:{port}");
    let jeton = stage.jeton("passkeys")?.with("JETON_ISSUER", &issuer);
    jeton.add_user(USERNAME, PASSWORD)?;
    let server = jeton.serve_on(port)?;
    let browser = Browser::open(&stage.scratch)?;
    let person = Person { browser: &browser, issuer: &issuer };

    // One at a time: which of several answers is not for the page to say.
    let key = browser.add_authenticator(&security_key(true))?;
    report.check("a security key with a PIN signs in without a name", || {
        person.signs_in_with_password()?;
        person.adds_a_passkey()?;
        person.signs_out()?;
        person.opens("/account")?;
        person.uses_a_passkey()?;
        person.sees("h1", "Your account")?;
        expect(browser.passkeys(&key)? == 1, || "the key has another number of passkeys".to_owned())?;
        person.opens("/account/passkeys")?;
        person.sees("section p", "last used")
    });
    report.check("the same device makes no second passkey, and says so", || {
        browser.find_soon("form[data-makes] button")?.click()?;
        person.sees("form[data-makes] .problem", "already has a passkey")?;
        browser.remove_authenticator(&key)
    });
    report.check("a passkey that was removed vanishes from the device", || {
        let key = browser.add_authenticator(&phone())?;
        person.adds_a_passkey()?;
        expect(browser.passkeys(&key)? == 1, || "the phone has no passkey".to_owned())?;
        browser.find_soon("section:last-of-type summary")?.click()?;
        browser.find_soon("section:last-of-type button[value=remove]")?.click()?;
        crate::rig::wait_for("the passkey to vanish", std::time::Duration::from_secs(20), || {
            Ok((browser.passkeys(&key)? == 0).then_some(()))
        })?;
        browser.remove_authenticator(&key)
    });
    report.check("a security key without a PIN comes after the password", || {
        let key = browser.add_authenticator(&security_key(false))?;
        person.opens("/account/passkeys")?;
        browser.find_soon("main > details > summary")?.click()?;
        browser.find_soon("main > details form[data-makes] button")?.click()?;
        person.sees("main", "It comes after your password")?;
        person.opens("/account/authenticator")?;
        person.uses_a_passkey()?;
        person.sees("h1", "Your recovery codes")?;
        person.signs_out()?;
        person.signs_in_with_password()?;
        person.sees("h1", "Use your passkey")?;
        person.uses_a_passkey()?;
        person.sees("h1", "Your account")?;
        browser.remove_authenticator(&key)
    });
    report.check("Chromium complains of nothing on these pages", || {
        let complaints = browser.complaints()?;
        // Chromium logs each answer that is not 200, and what signing out clears.
        let usual = ["Failed to load resource", "Clear-Site-Data"];
        let others = complaints.iter().filter(|line| !usual.iter().any(|usual| line.contains(usual)));
        let others: Vec<_> = others.collect();
        expect(others.is_empty(), || format!("{others:?}"))
    });
    drop(browser);
    server.stop()
}

/// An authenticator at USB, which verifies its user with a PIN or has none.
fn security_key(has_pin: bool) -> Value {
    json!({
        "protocol": if has_pin { "ctap2" } else { "ctap1/u2f" },
        "transport": "usb",
        "hasResidentKey": has_pin,
        "hasUserVerification": has_pin,
        "isUserVerified": has_pin,
        "isUserConsenting": true,
    })
}

/// The authenticator of a device itself.
fn phone() -> Value {
    json!({
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": true,
        "hasUserVerification": true,
        "isUserVerified": true,
        "isUserConsenting": true,
    })
}

struct Person<'a> {
    browser: &'a Browser,
    issuer: &'a str,
}

impl Person<'_> {
    fn opens(&self, path: &str) -> Result<()> {
        self.browser.visit(&format!("{}{path}", self.issuer))
    }

    fn signs_in_with_password(&self) -> Result<()> {
        self.opens("/account")?;
        self.browser.find_soon("input#username")?.type_text(USERNAME)?;
        self.browser.find_soon("input#password")?.type_text(PASSWORD)?;
        self.browser.find_soon("button[value=sign_in]")?.click()
    }

    fn adds_a_passkey(&self) -> Result<()> {
        self.browser.wait_until_shown("h1", |shown| shown.starts_with("Your "))?;
        self.opens("/account/passkeys")?;
        self.browser.find_soon("form[data-makes] button")?.click()?;
        self.sees("section:last-of-type p", "not used yet")
    }

    fn uses_a_passkey(&self) -> Result<()> {
        self.browser.find_soon("form[data-passkey] button")?.click()
    }

    fn signs_out(&self) -> Result<()> {
        self.opens("/end_session")?;
        self.browser.find_soon("button[value=sign_out]")?.click()?;
        self.browser.wait_until_shown("h1", |shown| shown != "Sign out?")
    }

    fn sees(&self, selector: &str, text: &str) -> Result<()> {
        self.browser.wait_until_shown(selector, |shown| shown.contains(text))
    }
}

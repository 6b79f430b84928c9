//! Headless Chromium, driven over WebDriver (W3C) by Debian's chromedriver.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::http::{Answer, Client};
use super::process::{self, Running};
use super::{empty_folder, wait_for};
use crate::machine;

/// The member that names an element in every WebDriver answer.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The error where an element was on a page that is there no more (WebDriver §6.6).
const GONE: &str = "stale element reference";

/// How long the page may take. Its longest step waits for two graces of five seconds.
const PATIENCE: Duration = Duration::from_secs(40);

/// A browser with one window.
#[derive(Debug)]
pub(crate) struct Browser {
    driver: Client,
    session: String,
    _process: Running,
}

/// Something on the page: the first that a CSS selector finds, whenever something is done with it. A page that is on its way to
/// another may take away what was found on it a moment ago; then it is looked for again.
#[derive(Debug)]
pub(crate) struct Element<'a> {
    browser: &'a Browser,
    selector: String,
}

impl Browser {
    /// Opens a browser, installing it where that is possible.
    ///
    /// # Errors
    /// When there is none and none can be installed, or it does not start.
    pub(crate) fn open(scratch: &Path) -> Result<Self> {
        machine::need_program("chromium", &["chromium"])?;
        machine::need_program("chromedriver", &["chromium-driver"])?;
        let port = process::free_port()?;
        // Browsers of suites that run side by side would take a profile that they share for one browser.
        let profile = empty_folder(scratch, &format!("chromium-{port}"))?;
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}"));
        let mut process = Running::start("chromedriver", &mut command, &scratch.join("chromedriver.log"))?;
        let driver = Client::new(format!("http://127.0.0.1:{port}"));
        process
            .wait_until("it answers", || driver.fetch("/status").is_ok_and(|answer| answer.status == 200))?;

        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,2600",
            &format!("--user-data-dir={}", profile.display()),
        ];
        let options = json!({ "args": arguments });
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}
        }}});
        let answer = driver.post("/session", &wanted)?.expect(200).context("chromium does not start")?;
        let session = answer.json()?["value"]["sessionId"].as_str().context("no session")?.to_owned();
        Ok(Self { driver, session: format!("/session/{session}"), _process: process })
    }

    /// Opens a page and waits until it is loaded.
    ///
    /// # Errors
    /// When the browser cannot.
    pub(crate) fn visit(&self, url: &str) -> Result<()> {
        self.post("/url", &json!({ "url": url })).map(drop)
    }

    /// The first element that a CSS selector finds, as soon as there is one.
    ///
    /// # Errors
    /// When there is none after a while.
    pub(crate) fn find_soon(&self, selector: &str) -> Result<Element<'_>> {
        wait_for(selector, PATIENCE, || self.find(selector))?;
        Ok(Element { browser: self, selector: selector.to_owned() })
    }

    /// Where WebDriver has the first element that a CSS selector finds.
    fn find(&self, selector: &str) -> Result<Option<String>> {
        let found = self.post("/elements", &json!({"using": "css selector", "value": selector}))?;
        let name = found.get(0).and_then(|element| element[ELEMENT].as_str());
        Ok(name.map(|name| format!("{}/element/{name}", self.session)))
    }

    /// Waits until what an element shows satisfies `holds`.
    ///
    /// # Errors
    /// When it does not; the error quotes what is shown.
    pub(crate) fn wait_until_shown(&self, selector: &str, holds: impl Fn(&str) -> bool) -> Result<()> {
        let mut shown = String::new();
        let waited = wait_for(&format!("{selector} to change"), PATIENCE, || {
            shown = self.find_soon(selector)?.text()?;
            Ok(holds(&shown).then_some(()))
        });
        waited.with_context(|| format!("it shows:\n{shown}"))
    }

    /// Gives the browser an authenticator (Web Authentication §11), which consents to everything at once. Answers its name.
    ///
    /// # Errors
    /// When the browser cannot.
    pub(crate) fn add_authenticator(&self, kind: &Value) -> Result<String> {
        let name = self.post("/webauthn/authenticator", kind)?;
        name.as_str().map(str::to_owned).context("the authenticator has no name")
    }

    /// Takes an authenticator away.
    ///
    /// # Errors
    /// When the browser cannot.
    pub(crate) fn remove_authenticator(&self, name: &str) -> Result<()> {
        let path = format!("{}/webauthn/authenticator/{name}", self.session);
        self.driver.send("DELETE", &path, &[], "")?.expect(200).map(drop)
    }

    /// How many passkeys an authenticator has.
    ///
    /// # Errors
    /// When the browser does not say.
    pub(crate) fn passkeys(&self, authenticator: &str) -> Result<usize> {
        let path = format!("{}/webauthn/authenticator/{authenticator}/credentials", self.session);
        let answer = self.driver.fetch(&path)?.expect(200)?.json()?;
        Ok(answer["value"].as_array().map_or(0, Vec::len))
    }

    /// The address that the window shows.
    ///
    /// # Errors
    /// When the browser does not say.
    pub(crate) fn address(&self) -> Result<String> {
        self.driver.fetch(&format!("{}/url", self.session))?.expect(200)?.text("value")
    }

    /// Runs a script on the page, as a function with these arguments, and answers what it returns.
    ///
    /// # Errors
    /// When it throws.
    pub(crate) fn run(&self, script: &str, arguments: &Value) -> Result<Value> {
        self.post("/execute/sync", &json!({ "script": script, "args": arguments }))
    }

    /// Shows pages as on a screen of this width, in `light` or `dark`, until the next such call.
    ///
    /// # Errors
    /// When the browser cannot.
    pub(crate) fn resize(&self, width: u32, scheme: &str) -> Result<()> {
        let command = |name: &str, parameters: Value| {
            self.post("/goog/cdp/execute", &json!({ "cmd": name, "params": parameters })).map(drop)
        };
        let screen = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        command("Emulation.setDeviceMetricsOverride", screen)?;
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        command("Emulation.setEmulatedMedia", json!({ "features": features }))
    }

    /// Saves what the window shows as a PNG.
    ///
    /// # Errors
    /// When the browser cannot, or the file cannot be written.
    pub(crate) fn screenshot(&self, file: &Path) -> Result<()> {
        let answer = self.driver.fetch(&format!("{}/screenshot", self.session))?.expect(200)?.json()?;
        let png = STANDARD.decode(answer["value"].as_str().context("no picture")?)?;
        std::fs::write(file, png).with_context(|| format!("cannot write {}", file.display()))
    }

    /// What the page complained of in the browser's console: script errors, refused resources.
    ///
    /// # Errors
    /// When the browser does not say.
    pub(crate) fn complaints(&self) -> Result<Vec<String>> {
        let log = self.post("/se/log", &json!({"type": "browser"}))?;
        let entries = log.as_array().cloned().unwrap_or_default();
        Ok(entries.iter().map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect())
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.driver.post(&format!("{}{path}", self.session), body)?.expect(200)?;
        Ok(answer.json()?["value"].take())
    }
}

impl Element<'_> {
    /// Clicks it.
    ///
    /// # Errors
    /// When it cannot be clicked: hidden, disabled, covered.
    pub(crate) fn click(&self) -> Result<()> {
        self.ask(|driver, path| driver.post(&format!("{path}/click"), &json!({}))).map(drop)
    }

    /// Types into it.
    ///
    /// # Errors
    /// When it takes no text.
    pub(crate) fn type_text(&self, text: &str) -> Result<()> {
        self.ask(|driver, path| driver.post(&format!("{path}/value"), &json!({ "text": text }))).map(drop)
    }

    /// The text that it shows.
    ///
    /// # Errors
    /// When it is gone.
    pub(crate) fn text(&self) -> Result<String> {
        self.ask(|driver, path| driver.fetch(&format!("{path}/text")))?.text("value")
    }

    fn ask(&self, ask: impl Fn(&Client, &str) -> Result<Answer>) -> Result<Answer> {
        wait_for(&self.selector, PATIENCE, || {
            let Some(path) = self.browser.find(&self.selector)? else { return Ok(None) };
            let answer = ask(&self.browser.driver, &path)?;
            let gone = answer.status == 404 && answer.json()?["value"]["error"] == GONE;
            if gone { Ok(None) } else { answer.expect(200).map(Some) }
        })
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Closes the browser; the driver is ended after that, with its own value.
        let _ = self.driver.send("DELETE", &self.session, &[], "");
    }
}

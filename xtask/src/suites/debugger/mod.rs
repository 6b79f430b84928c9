//! The token debugger in a real browser: this issuer's tokens, the published examples, tokens pasted as people find them, tokens made
//! in the page, and a saved copy. Nothing is sent but the two requests for this issuer's metadata and keys.

mod agreement;
mod examples;
mod making;
mod pasting;

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Stage;
use crate::console;
use crate::report::Report;
use crate::rig::browser::Browser;
use crate::rig::jeton::{self, Server, TokenPair};
use crate::rig::{expect, jwt, wait_for};

const USERNAME: &str = "ada";
const PASSWORD: &str = "correct horse battery";

/// How long the page may take to judge a token. RSA keys take their time to be made.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the suite.
pub(super) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let jeton = stage.jeton("debugger")?;
    jeton.add_user(USERNAME, PASSWORD)?;
    let server = jeton.serve()?;
    let browser = Browser::open(&stage.scratch)?;
    let page = Page(&browser);
    let address = format!("{}/debugger", server.client().base());
    let opens = report.check("the debugger opens in Chromium, without a complaint", || {
        browser.visit(&address)?;
        browser.wait_until_shown("#empty", |shown| shown.contains("Paste a token"))?;
        page.never_complained()
    });
    if !opens {
        return server.stop();
    }
    issued_here(&page, &server, report)?;
    agreement::check(&page, &jeton, &stage.scratch, report)?;
    pasting::check(&page, report)?;
    examples::check(&page, report)?;
    making::check(&page, report)?;
    report.check("it asked for this issuer's metadata and keys, and for nothing else", || {
        let asked = page.requests()?;
        let known = |url: &str| {
            url.ends_with("/.well-known/openid-configuration") || url.ends_with("/.well-known/jwks.json")
        };
        expect(asked.iter().any(|url| known(url)) && asked.iter().all(|url| known(url)), || asked.join("\n"))
    });
    report.check("no token is in the address or in any storage", || page.keeps_nothing(&address));
    small_and_dark(&page, stage, report)?;
    report.check("the page never complained", || page.never_complained());
    saved_copy(&page, &server, &stage.scratch, report)?;
    drop(browser);
    server.stop()
}

/// The tokens of this issuer, and the exact reasons why it would refuse them.
fn issued_here(page: &Page<'_>, server: &Server, report: &mut Report) -> Result<()> {
    let pair = TokenPair::of(jeton::sign_in(server.client(), USERNAME, PASSWORD)?)?;
    let TokenPair { access, refresh } = &pair;
    let (issuer, typ) = (server.client().base(), "at+jwt");
    report.check("an access token of this issuer is valid", || {
        page.inspect(&[("token", access), ("against-issuer", ""), ("typ", typ)])?;
        page.says(&["Valid", "Every check passed"])
    });
    report.check("its claims have their meanings, and its times words", || {
        let claims = page.text(".claims")?;
        let all = ["issuer: who made the token", issuer, "expires", "minutes", "UTC"];
        expect(all.iter().all(|words| claims.contains(words)), || claims)?;
        page.0.wait_until_shown("figcaption", |shown| shown.contains("lifetime 5 minutes"))
    });
    report.check("a refresh token is refused where an access token is expected", || {
        page.inspect(&[("token", refresh), ("against-issuer", ""), ("typ", typ)])?;
        page.says(&["Refused", "type_mismatch", "rt+jwt", typ])
    });
    report.check("a token for others is refused, with both audiences", || {
        page.inspect(&[("token", access), ("against-issuer", ""), ("audience", "https://other.example")])?;
        page.says(&["Refused", "https://other.example"])
    });
    report.check("a changed token is refused for its signature", || {
        let changed = jwt::tampered(access, "sub", &json!("eve"))?;
        page.inspect(&[("token", &changed), ("against-issuer", "")])?;
        page.says(&["Refused", "signature_invalid"])
    });
    report.check("an hour later it has expired", || {
        let later = (jwt::decode(access)?.claims.number("exp")? + 3600).to_string();
        page.inspect(&[("token", access), ("against-issuer", ""), ("time", &later)])?;
        page.says(&["Refused", "token_expired", "1 hour ago"])
    });
    report.check("within the leeway it has not, and before it was issued it was not valid yet", || {
        let exp = jwt::decode(access)?.claims.number("exp")?;
        page.inspect(&[("token", access), ("against-issuer", ""), ("time", &(exp + 29).to_string())])?;
        page.says(&["Valid"])?;
        page.inspect(&[("token", access), ("against-issuer", ""), ("time", &(exp + 30).to_string())])?;
        page.says(&["token_expired"])?;
        page.inspect(&[("token", access), ("against-issuer", ""), ("time", &(exp - 1000).to_string())])?;
        page.says(&["issued_in_the_future"])
    });
    report.check("a key that cannot be read is said at its field", || {
        page.inspect(&[("token", access), ("against-keys", ""), ("keys", "{\"kty\":")])?;
        page.says(&["Not verified", "broken at character 8", "key_member_malformed"])?;
        page.0.find_soon("#keys[aria-invalid=true]")?;
        let problem = page.text("#against-problem")?;
        expect(problem.contains("broken at character 8"), || problem)
    });
    report.check("a token of another issuer is refused", || {
        let keys = r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;
        page.inspect(&[("token", pasting::RFC7515_A1), ("against-keys", ""), ("keys", keys), ("issuer", issuer), ("time", pasting::THEN)])?;
        page.says(&["issuer_mismatch", "joe", issuer])?;
        page.inspect(&[("token", pasting::RFC7515_A1), ("against-issuer", ""), ("time", pasting::THEN)])?;
        page.says(&["algorithm_not_allowed", "HS256"])
    });
    Ok(())
}

/// On a phone and in the dark.
fn small_and_dark(page: &Page<'_>, stage: &Stage, report: &mut Report) -> Result<()> {
    report.check("nothing is wider than a screen of 320 pixels", || {
        for scheme in ["light", "dark"] {
            page.0.resize(320, scheme)?;
            examples::show_sd_jwt(page)?;
            let wide = page.0.run(
                "return document.documentElement.scrollWidth - document.documentElement.clientWidth",
                &json!([]),
            )?;
            expect(wide == 0, || format!("{wide} pixels too wide in {scheme}"))?;
        }
        Ok(())
    });
    let picture = stage.scratch.join("debugger.png");
    page.0.resize(1280, "light")?;
    page.0.screenshot(&picture)?;
    console::say(&format!("        picture: {}", picture.display()));
    Ok(())
}

/// The file as somebody saves it, opened from the disk when the server is forgotten.
fn saved_copy(page: &Page<'_>, server: &Server, folder: &Path, report: &mut Report) -> Result<()> {
    let file = folder.join("jeton-debugger.html");
    let html = server.client().fetch("/debugger")?.expect(200)?.body;
    fs::write(&file, html).with_context(|| format!("cannot write {}", file.display()))?;
    let address = format!("file://{}", file.display());
    page.0.visit(&address)?;
    report.check("a saved copy verifies and makes tokens, and says what is only online", || {
        page.0.wait_until_shown("#saved", |shown| shown.contains("available only online"))?;
        pasting::valid_by_key(page, pasting::RFC7515_A1)?;
        making::one(page, "ES256")?;
        let disabled = page.0.run("return document.getElementById('against-issuer').disabled", &json!([]))?;
        expect(disabled == true, || "“this issuer” can be chosen".to_owned())
    });
    report.check("a saved copy asks nobody", || {
        let asked = page.requests()?;
        expect(asked.is_empty(), || asked.join("\n"))?;
        page.keeps_nothing(&address)?;
        page.never_complained()
    });
    report.check("a saved copy could not ask anybody, either", || {
        let attempt = "return fetch(arguments[0]).then(() => 'sent', () => 'refused')";
        let outcome = page.0.run(attempt, &json!([format!("{}/healthz", server.client().base())]))?;
        expect(outcome == "refused", || outcome.to_string())?;
        let complaints = page.0.complaints()?.join("\n");
        expect(complaints.contains("Content Security Policy"), || complaints)
    });
    Ok(())
}

/// The debugger, open in the browser.
struct Page<'a>(&'a Browser);

impl Page<'_> {
    /// Fills in these fields, leaves all others empty, and waits for the verdict.
    fn inspect(&self, fields: &[(&str, &str)]) -> Result<()> {
        const FILL: &str = "
            document.getElementById('tab-inspect').click();
            document.querySelector('#inspect form').reset();
            document.getElementById('verdict').replaceChildren();
            for (const [id, text] of arguments[0]) {
                const field = document.getElementById(id);
                if (field.type === 'radio') field.checked = true;
                else field.value = text;
            }
            document.getElementById('token').dispatchEvent(new Event('input', { bubbles: true }));";
        self.0.run(FILL, &json!([fields]))?;
        wait_for("a verdict", PATIENCE, || Ok((!self.text("#verdict")?.is_empty()).then_some(())))
    }

    /// The verdict contains all of these words.
    fn says(&self, words: &[&str]) -> Result<()> {
        let verdict = self.text("#verdict")?;
        let missing = words.iter().find(|words| !verdict.contains(**words));
        expect(missing.is_none(), || {
            let checks = self.text(".checks").unwrap_or_default();
            format!("{missing:?} is not in the verdict:\n{verdict}\n{checks}")
        })
    }

    /// The text of all elements that a selector finds.
    fn text(&self, selector: &str) -> Result<String> {
        const TEXT: &str =
            "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText).join('\\n')";
        let text = self.0.run(TEXT, &json!([selector]))?;
        text.as_str().map(str::to_owned).context("no text")
    }

    /// What the page has asked for since it was opened.
    fn requests(&self) -> Result<Vec<String>> {
        let asked = self
            .0
            .run("return performance.getEntriesByType('resource').map((one) => one.name)", &json!([]))?;
        let names = asked.as_array().cloned().unwrap_or_default();
        // Browsers ask for the icon of every page by themselves.
        let own =
            |name: &Value| name.as_str().map(str::to_owned).filter(|name| !name.ends_with("/favicon.ico"));
        Ok(names.iter().filter_map(own).collect())
    }

    fn keeps_nothing(&self, address: &str) -> Result<()> {
        let found = self.0.address()?;
        expect(found == address, || "the address has changed".to_owned())?;
        let stored = self
            .0
            .run("return [localStorage.length, sessionStorage.length, document.cookie.length]", &json!([]))?;
        expect(stored == json!([0, 0, 0]), || stored.to_string())
    }

    fn never_complained(&self) -> Result<()> {
        let complaints = self.0.complaints()?;
        expect(complaints.is_empty(), || complaints.join("\n"))
    }
}

//! An authority whose issuer has a path, behind nginx, which passes the path on or takes it away, and in Chromium.

use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Authority, PASSWORD, Stage, USERNAME};
use crate::report::Report;
use crate::rig::browser::Browser;
use crate::rig::http::Client;
use crate::rig::page::encode;
use crate::rig::process::{Running, free_port};
use crate::rig::site::Site;
use crate::rig::{expect, wait_for};
use crate::{cargo, machine};

/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Runs the suite.
pub(in crate::suites) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    // nginx is installed where only root's PATH leads.
    let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
    if !std::path::Path::new("/usr/sbin/nginx").exists() {
        machine::need_program("nginx", &["nginx-light"])?;
    }
    for (folder, what, slash) in
        [("nginx-passes", "passes the path on", ""), ("nginx-strips", "takes the path away", "/")]
    {
        let port = free_port()?;
        let issuer = format!("http://127.0.0.1:{port}/auth");
        let settings = [("JETON_ISSUER", issuer.as_str()), ("JETON_PROXY_TRUSTED", "127.0.0.1")];
        let authority = Authority::start(stage, folder, &settings)?;
        let upstream = authority.issuer().rsplit_once(':').context("no port")?.1.to_owned();
        let written = [
            ("@FOLDER@", authority.folder.display().to_string()),
            ("@PORT@", port.to_string()),
            ("@UPSTREAM@", upstream),
            ("@SLASH@", slash.to_owned()),
        ];
        let template = std::fs::read_to_string(cargo::root().join("xtask/clients/nginx.conf"))?;
        let config = written.iter().fold(template, |text, (word, value)| text.replace(word, value));
        let file = authority.folder.join("nginx.conf");
        std::fs::write(&file, config)?;
        let mut command = Command::new("nginx");
        command.env("PATH", &path).arg("-c").arg(&file);
        let mut nginx = Running::start("nginx", &mut command, &authority.folder.join("nginx.log"))?;
        let client = Client::new(format!("http://127.0.0.1:{port}"));
        nginx.wait_until("it answers", || {
            client.fetch("/auth/healthz").is_ok_and(|answer| answer.status == 200)
        })?;
        follow(stage, report, &authority, &client, &issuer, what)?;
        drop(nginx);
        authority.server.stop()?;
    }
    Ok(())
}

fn follow(
    stage: &Stage,
    report: &mut Report,
    authority: &Authority,
    client: &Client,
    issuer: &str,
    what: &str,
) -> Result<()> {
    let site = Site::start(IpAddr::from(Ipv4Addr::LOCALHOST), None)?.at("127.0.0.1");
    authority.add_client("page", &["--public", "--redirect-uri", &site])?;
    report.check(&format!("the metadata stand wherever clients look: nginx {what}"), || {
        for path in [
            "/auth/.well-known/openid-configuration",
            "/auth/.well-known/oauth-authorization-server",
            "/.well-known/openid-configuration/auth",
            "/.well-known/oauth-authorization-server/auth",
        ] {
            let found = client.fetch(path)?.expect(200)?.text("issuer")?;
            expect(found == issuer, || format!("{path} names {found}"))?;
        }
        client.fetch("/auth/assets/page.css")?.expect(200).map(drop)
    });
    report.check(&format!("an event of the revocation feed comes at once: nginx {what}"), || {
        event_comes_at_once(authority, client, issuer)
    });
    let browser = Browser::open(&stage.scratch)?;
    report.check(&format!("somebody signs in and the application gets its tokens: nginx {what}"), || {
        let parameters = [
            ("client_id", "page"),
            ("redirect_uri", &site),
            ("response_type", "code"),
            ("scope", "openid"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        browser.visit(&format!("{issuer}/authorize?{}", encoded(&parameters)))?;
        browser.find_soon("input#username")?.type_text(USERNAME)?;
        browser.find_soon("input#password")?.type_text("wrong")?;
        browser.find_soon("button[value=\"sign_in\"]")?.click()?;
        browser.wait_until_shown("#problem", |shown| shown.contains("Incorrect"))?;
        browser.find_soon("input#password")?.type_text(PASSWORD)?;
        browser.find_soon("button[value=\"sign_in\"]")?.click()?;
        browser.find_soon("#arrived")?;
        let address = browser.address()?;
        let code = address.split(['?', '&']).find_map(|pair| pair.strip_prefix("code="));
        let code = code.context("no code came back")?.to_owned();
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", "page"),
            ("code", &code),
            ("redirect_uri", &site),
            ("code_verifier", VERIFIER),
        ];
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let tokens = client.send("POST", "/auth/token", &form, &encoded(&fields))?.expect(200)?;
        let told = client.fetch_with("/auth/userinfo", &tokens.text("access_token")?)?.expect(200)?;
        expect(told.json()?["sub"] != Value::Null, || "userinfo names nobody".to_owned())
    });
    report.check(&format!("they are still signed in, and sign out: nginx {what}"), || {
        browser.visit(&format!("{issuer}/end_session"))?;
        browser.find_soon("button[value=\"sign_out\"]")?.click()?;
        browser.wait_until_shown("h1", |shown| shown == "You are signed out")
    });
    report.check(&format!("nothing was refused by the pages' policy: nginx {what}"), || {
        let complaints = browser.complaints()?.join("\n");
        expect(!complaints.contains("Content Security Policy"), || complaints.clone())
    });
    Ok(())
}

/// Somebody signs out while curl reads the feed through nginx.
fn event_comes_at_once(authority: &Authority, client: &Client, issuer: &str) -> Result<()> {
    /// What nginx collects, it passes on much later: when a buffer is full or the stream ends.
    const AT_ONCE: Duration = Duration::from_secs(5);
    machine::need_program("curl", &["curl"])?;
    let log = authority.folder.join("feed.log");
    let has = |text: &str| std::fs::read_to_string(&log).is_ok_and(|said| said.contains(text));
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--no-buffer", "--compressed", &format!("{issuer}/revocations")]);
    let mut reader = Running::start("curl", &mut curl, &log)?;
    reader.wait_until("the first list comes", || has("event: list"))?;
    let credentials = serde_json::json!({ "username": USERNAME, "password": PASSWORD });
    let refresh = client.post("/auth/api/token/", &credentials)?.expect(200)?.text("refresh")?;
    client.post("/auth/api/token/blacklist/", &serde_json::json!({ "refresh": refresh }))?.expect(200)?;
    wait_for("the event", AT_ONCE, || Ok(has("event: event").then_some(())))
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<_> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    encode(&pairs)
}

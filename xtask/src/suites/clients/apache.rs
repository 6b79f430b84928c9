//! Apache's `mod_auth_openidc`: a page that knows nothing of single sign-on, and a server that sees to it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};

use super::{Authority, Stage, USERNAME, visitor};
use crate::report::Report;
use crate::rig::expect;
use crate::rig::http::Client;
use crate::rig::page::{encode, text_of};
use crate::rig::process::{Running, free_port};
use crate::rig::redact::redact;
use crate::rig::visitor::{Arrival, Visitor};
use crate::{cargo, machine};

/// Where Debian keeps the modules.
const MODULES: &str = "/usr/lib/apache2/modules";
const PACKAGES: [&str; 2] = ["apache2-bin", "libapache2-mod-auth-openidc"];

/// Runs the suite.
pub(in crate::suites) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    machine::need_file(&Path::new(MODULES).join("mod_auth_openidc.so"), &PACKAGES)?;
    // Shorter than what the module is told to refresh before.
    let authority = Authority::start(stage, "apache", &[("JETON_ACCESS_LIFETIME", "1m")])?;
    let apache = Apache::start(&authority)?;
    let mut visitor = visitor();
    let page = format!("{}/page", apache.site);

    let signed_in =
        report.check("whoever has signed in sees the page, which has their name in REMOTE_USER", || {
            let arrival = apache.visit(&mut visitor, &page)?;
            expect(visitor.sign_ins() == 1, || format!("they signed in {} times", visitor.sign_ins()))?;
            shown_to(&arrival, USERNAME)
        });
    if !signed_in {
        return Ok(());
    }
    report.check("the server refreshes the access token, and the page is still theirs", || {
        let first = apache.visit(&mut visitor, &page)?;
        let second = apache.visit(&mut visitor, &page)?;
        shown_to(&second, USERNAME)?;
        let [first, second] = [first, second].map(|arrival| arrival.answer.header(DIGEST).map(str::to_owned));
        expect(second.is_some() && first != second, || "it is the same access token".to_owned())?;
        expect(visitor.sign_ins() == 1, || "they had to sign in again".to_owned())
    });
    report.check("whoever signs out there is signed out at the authority, and comes back", || {
        let bye = format!("{}/bye", apache.site);
        let link = format!("{page}/callback?{}", encode(&[("logout".to_owned(), bye.clone())]));
        let arrival = apache.visit(&mut visitor, &link)?;
        expect(arrival.url.starts_with(&bye), || format!("they came to {}", redact(&arrival.url)))?;
        apache.visit(&mut visitor, &page)?;
        expect(visitor.sign_ins() == 2, || "the page is shown without a sign-in".to_owned())
    });
    drop(apache);
    authority.server.stop()
}

/// The page names the access token that it was shown with by this field.
const DIGEST: &str = "x-access-token-digest";

fn shown_to(arrival: &Arrival, username: &str) -> Result<()> {
    let user = arrival.answer.header("x-remote-user");
    expect(arrival.answer.status == 200 && user == Some(username), || {
        format!("{} for {user:?}: {}", arrival.answer.status, redact(&text_of(&arrival.answer.body)))
    })
}

struct Apache {
    site: String,
    log: PathBuf,
    _process: Running,
}

impl Apache {
    fn start(authority: &Authority) -> Result<Self> {
        let port = free_port()?;
        let site = format!("http://127.0.0.1:{port}");
        let [callback, bye] = ["/page/callback", "/bye"].map(|path| format!("{site}{path}"));
        let secret = authority
            .add_client("apache", &["--redirect-uri", &callback, "--post-logout-redirect-uri", &bye])?;
        // Apache is installed where only root's PATH leads.
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("apache2");
        command
            .args(["-D", "FOREGROUND", "-f"])
            .arg(cargo::root().join("xtask/clients/apache.conf"))
            .env("PATH", format!("{path}:/usr/sbin"))
            .env("FOLDER", &authority.folder)
            .env("MODULES", MODULES)
            .env("ISSUER", authority.issuer())
            .env("CLIENT_ID", "apache")
            .env("CLIENT_SECRET", &secret)
            .env("PASSPHRASE", "for the cookies of one run alone")
            .env("PORT", port.to_string());
        let log = authority.folder.join("apache.log");
        let mut process = Running::start("apache2", &mut command, &log)?;
        let client = Client::new(&*site);
        process.wait_until("it answers", || client.fetch("/bye").is_ok_and(|answer| answer.status == 200))?;
        Ok(Self { site, log, _process: process })
    }

    /// As [`Visitor::visit`]; an error shows what went over the wire, and what Apache wrote of it.
    fn visit(&self, visitor: &mut Visitor, url: &str) -> Result<Arrival> {
        let arrival = visitor.visit(url);
        let exchanges = visitor.take_exchanges().join("\n");
        let arrival = arrival.with_context(|| exchanges.clone())?;
        if arrival.answer.status == 200 {
            return Ok(arrival);
        }
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        Err(anyhow!("{exchanges}\n{}\n{}", redact(&text_of(&arrival.answer.body)), redact(&log)))
    }
}

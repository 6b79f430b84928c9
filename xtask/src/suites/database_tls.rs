//! TLS between Jeton and a real PostgreSQL server: verified as the URL says, and refused with a reason otherwise.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::Stage;
use crate::report::Report;
use crate::rig::jeton::Jeton;
use crate::rig::postgres::{self, Postgres};
use crate::rig::{empty_folder, expect, process};
use crate::{console, machine};

/// Runs the suite.
pub(super) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    machine::need_program("openssl", &["openssl"])?;
    let folder = empty_folder(&std::env::temp_dir(), &format!("jeton-database-tls-{}", std::process::id()))?;
    let files = Files::make(&folder)?;
    let certificate = format!("ssl_cert_file={}", files.certificate.display());
    let key = format!("ssl_key_file={}", files.key.display());
    let encrypted = Postgres::start_on(process::free_port()?, &["ssl=on", &certificate, &key])?;
    let plain = Postgres::start()?;
    let jeton = stage.jeton("database-tls")?;
    let url = |server: &Postgres, host: &str, parameters: &str| {
        format!("postgres://jeton@{host}:{}/postgres?{parameters}", server.port())
    };
    let verified = format!("sslmode=verify-full&sslrootcert={}", files.authority.display());
    let unknown = format!("sslmode=verify-full&sslrootcert={}", files.another.display());

    report.check("a server whose certificate is valid and names it is connected to, encrypted", || {
        let jeton = jeton.clone().with("JETON_DATABASE", &url(&encrypted, "localhost", &verified));
        let server = jeton.serve()?;
        let sql = "SELECT count(*) FILTER (WHERE ssl), count(*) FILTER (WHERE NOT ssl)
                   FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE application_name = 'jeton'";
        let found = encrypted.sql(sql)?;
        expect(found.ends_with("|0") && found != "0|0", || format!("encrypted|plain: {found}"))?;
        server.stop()
    });
    for (sentence, server, host, parameters, reason) in [
        ("a certificate for another name is refused", &encrypted, "127.0.0.1", &*verified, "certificate"),
        ("a certificate of another authority is refused", &encrypted, "localhost", &*unknown, "certificate"),
        (
            "the system's authorities do not know it",
            &encrypted,
            "localhost",
            "sslmode=verify-full",
            "certificate",
        ),
        ("a server without TLS is refused", &plain, "localhost", &*verified, "TLS"),
        (
            "a server without TLS is refused where any certificate will do",
            &plain,
            "localhost",
            "sslmode=require",
            "TLS",
        ),
    ] {
        report.check(sentence, || refused(&jeton, &url(server, host, parameters), reason));
    }
    report.check("verify-ca takes another name, but no other authority", || {
        let other_name = format!("sslmode=verify-ca&sslrootcert={}", files.authority.display());
        let jeton = jeton.clone();
        jeton
            .clone()
            .with("JETON_DATABASE", &url(&encrypted, "127.0.0.1", &other_name))
            .run(&["user", "list"])?;
        let other = format!("sslmode=verify-ca&sslrootcert={}", files.another.display());
        refused(&jeton, &url(&encrypted, "127.0.0.1", &other), "certificate")
    });
    report.check("on this machine the default is to encrypt if the server can", || {
        jeton.clone().with("JETON_DATABASE", &url(&plain, "127.0.0.1", "")).run(&["user", "list"])?;
        jeton
            .clone()
            .with("JETON_DATABASE", &url(&encrypted, "127.0.0.1", ""))
            .run(&["user", "list"])
            .map(drop)
    });
    fs::remove_dir_all(&folder).context("cannot remove the certificates")
}

fn refused(jeton: &Jeton, url: &str, reason: &str) -> Result<()> {
    let refusal = jeton.clone().with("JETON_DATABASE", url).run(&["user", "list"]);
    let text = match refusal {
        Ok(_) => String::new(),
        Err(refusal) => format!("{refusal:#}"),
    };
    console::say(&format!("        {}", text.lines().last().unwrap_or_default()));
    expect(text.to_lowercase().contains(&reason.to_lowercase()), || format!("no word of {reason}: {text}"))
}

/// Certificates and keys.
struct Files {
    authority: PathBuf,
    another: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    fn make(folder: &Path) -> Result<Self> {
        let file = |name| folder.join(name);
        let (authority, another) = (file("authority.pem"), file("another.pem"));
        for (certificate, key) in [(&authority, "authority.key"), (&another, "another.key")] {
            let mut command = openssl(&["req", "-x509", "-subj", "/CN=An authority", "-days", "2"]);
            command.args(["-addext", "basicConstraints=critical,CA:TRUE", "-keyout"]).arg(file(key));
            process::output("openssl", command.arg("-out").arg(certificate))?;
        }
        let (certificate, key) = (file("server.pem"), file("server.key"));
        let mut command = openssl(&["req", "-x509", "-subj", "/CN=localhost", "-days", "2"]);
        command.args(["-addext", "subjectAltName=DNS:localhost"]);
        command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
        command.arg("-CA").arg(&authority).arg("-CAkey").arg(file("authority.key"));
        process::output("openssl", command.arg("-keyout").arg(&key).arg("-out").arg(&certificate))?;
        if machine::is_root() {
            let (_, group) = postgres::unprivileged()?;
            chown(&key, None, Some(group))?;
            fs::set_permissions(&key, fs::Permissions::from_mode(0o640))?;
        }
        Ok(Self { authority, another, certificate, key })
    }
}

fn openssl(arguments: &[&str]) -> Command {
    let mut command = Command::new("openssl");
    command.args(arguments).args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]);
    command
}

//! The compose file: checked against the schema of its specification, and what it says carried out without a container engine.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Stage, documents, schemas};
use crate::cargo;
use crate::rig::jeton::{Jeton, Server, TokenPair, refresh, sign_in};
use crate::rig::postgres::Postgres;
use crate::rig::{expect, process, wait_for};

const PASSWORD: &str = "correct horse battery";

/// 32 bytes in base64url.
const MASTER_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";

pub(super) fn is_valid(stage: &Stage) -> Result<()> {
    let python = schemas(stage)?;
    let file = cargo::root().join("deploy/compose/compose.yaml");
    let mut check = Command::new(python.with_file_name("check-jsonschema"));
    check.args(["--builtin-schema", "vendor.compose-spec"]).arg(&file);
    process::output("check-jsonschema", &mut check)?;
    let compose = documents(&python, &file)?.into_iter().next().context("an empty file")?;
    let servers = servers(&compose);
    expect(servers.len() == 2, || format!("{} servers", servers.len()))?;
    for (name, server) in servers {
        let is = |what: &str, wanted: Value| {
            expect(server[what] == wanted, || format!("{what} of {name} is {}", server[what]))
        };
        is("read_only", true.into())?;
        is("cap_drop", serde_json::json!(["ALL"]))?;
        is("security_opt", serde_json::json!(["no-new-privileges:true"]))?;
        // The names that it uses are the names that there are.
        for secret in server["secrets"].as_array().context("no secrets")? {
            let secret = secret.as_str().context("a secret without a name")?;
            expect(compose["secrets"][secret].is_object(), || format!("there is no secret {secret}"))?;
        }
        for volume in server["volumes"].as_array().context("no volumes")? {
            let volume = volume.as_str().and_then(|volume| volume.split(':').next()).context("a volume")?;
            expect(compose["volumes"].get(volume).is_some(), || format!("there is no volume {volume}"))?;
        }
        let needed = server["depends_on"].as_object().context("no dependency")?;
        for service in needed.keys() {
            expect(compose["services"][service]["healthcheck"].is_object(), || {
                format!("{name} waits for the health of {service}, which has none")
            })?;
        }
        for value in [&server["environment"], &compose["services"]["postgres"]["environment"]] {
            expect(!value.to_string().contains("PASSWORD"), || format!("a password in {value}"))?;
        }
    }
    Ok(())
}

/// The services that are Jeton's.
fn servers(compose: &Value) -> Vec<(&String, &Value)> {
    let services = compose["services"].as_object().into_iter().flatten();
    services.filter(|(_, service)| service["image"] == "jeton").collect()
}

/// Starts what the file describes: PostgreSQL that listens on a socket alone, and the servers with their environment.
pub(super) fn starts(stage: &Stage) -> Result<()> {
    let python = schemas(stage)?;
    let folder = cargo::root().join("deploy/compose");
    let compose =
        documents(&python, &folder.join("compose.yaml"))?.into_iter().next().context("an empty file")?;
    // Beside the socket it listens for the rig, which waits for it there.
    let postgres = Postgres::start()?;
    let owner = &compose["services"]["postgres"]["environment"];
    let (user, database) = (owner["POSTGRES_USER"].as_str(), owner["POSTGRES_DB"].as_str());
    expect(user == Some("jeton") && database == Some("jeton"), || format!("another owner: {owner}"))?;
    postgres.sql("CREATE DATABASE jeton")?;

    let given = fs::read_to_string(folder.join("environment.example"))?;
    let given =
        given.lines().filter_map(|line| line.split_once('=')).filter(|(name, _)| !name.starts_with('#'));
    let given: Vec<(&str, &str)> = given.collect();
    expect(given.iter().any(|(name, _)| *name == "JETON_ISSUER"), || "no issuer is asked for".to_owned())?;
    let mut nodes = vec![];
    for (name, service) in servers(&compose) {
        let mut jeton = stage.jeton(&format!("compose-{name}"))?;
        // A scratch folder takes the place of the container's.
        let key = jeton.data().with_extension("master-key");
        fs::write(&key, MASTER_KEY)?;
        for (name, value) in &given {
            jeton = jeton.with(name, value);
        }
        for (name, value) in service["environment"].as_object().context("no environment")? {
            let value = value.as_str().with_context(|| format!("{name} is no text"))?;
            let (socket, key) = (postgres.folder().display().to_string(), key.display().to_string());
            let value = value.replace("/run/postgresql", &format!("{socket}:{}", postgres.port()));
            jeton = jeton.with(name, &value.replace("/run/secrets/master_key", &key));
        }
        nodes.push((jeton.clone(), jeton.serve()?));
    }
    let [(operator, first), (_, second)] = <[(Jeton, Server); 2]>::try_from(nodes)
        .map_err(|nodes| anyhow::anyhow!("{} servers", nodes.len()))?;
    operator.add_user("ada", PASSWORD)?;
    let pair = TokenPair::of(sign_in(first.client(), "ada", PASSWORD)?)?;
    let pair = TokenPair::of(refresh(second.client(), &pair.refresh)?)?;
    let keys = |server: &Server| server.client().fetch("/.well-known/jwks.json");
    wait_for("both servers to publish the same keys", Duration::from_secs(5), || {
        Ok((keys(&first)?.body == keys(&second)?.body).then_some(()))
    })?;
    second.stop()?;
    refresh(first.client(), &pair.refresh)?.expect(200)?;
    first.stop()
}

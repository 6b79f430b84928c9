//! The Helm chart: linted, rendered with several files of values, and checked against Kubernetes' own schemas.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Stage, documents, schemas};
use crate::cargo;
use crate::machine;
use crate::rig::{empty_folder, expect, process};

/// Installs Helm as its own documentation says, for those who have Go.
pub(super) const HELM: &str = "go install helm.sh/helm/v3/cmd/helm@v3.19.0";

/// The oldest and the newest version of Kubernetes whose schemas are asked.
const VERSIONS: [&str; 2] = ["1.29", "1.37"];

/// The files of values, and how many servers each asks for.
const VALUES: [(&str, u64); 3] = [("single", 1), ("default", 2), ("full", 5)];

/// Helm, if it is there.
pub(super) fn helm() -> Option<PathBuf> {
    if machine::has_program("helm") {
        return Some("helm".into());
    }
    let go = Command::new("go").args(["env", "GOPATH"]).output().ok()?;
    let helm = Path::new(String::from_utf8(go.stdout).ok()?.trim()).join("bin/helm");
    helm.is_file().then_some(helm)
}

pub(super) fn renders(stage: &Stage, helm: &Path) -> Result<()> {
    let chart = cargo::root().join("deploy/helm/jeton");
    let (python, folder) = (schemas(stage)?, empty_folder(&stage.scratch, "chart")?);
    for (name, servers) in VALUES {
        let values = chart.join(format!("ci/{name}-values.yaml"));
        let call = |words: &[&str]| {
            let mut command = Command::new(helm);
            process::output(
                &format!("helm {}", words.join(" ")),
                command.args(words).arg(&chart).arg("--values").arg(&values),
            )
        };
        call(&["lint", "--strict"])?;
        let rendered = call(&["template", "jeton"])?;
        expect(rendered == call(&["template", "jeton"])?, || {
            format!("{name}: it renders something else each time")
        })?;
        let file = folder.join(format!("{name}.yaml"));
        fs::write(&file, &rendered)?;
        for version in VERSIONS {
            let mut validate = Command::new(python.with_file_name("kubernetes-validate"));
            validate.args(["--strict", "--kubernetes-version", version]);
            process::output("kubernetes-validate", validate.arg(&file))?;
        }
        let objects = documents(&python, &file)?;
        check(&objects, servers).with_context(|| format!("{name}:\n{rendered}"))?;
        if name == "full" {
            with_every_value(&objects).with_context(|| format!("{name}:\n{rendered}"))?;
        }
    }
    for missing in ["issuer", "database.existingSecret", "masterKey.existingSecret"] {
        let mut bare = Command::new(helm);
        bare.args(["template", "jeton", "--set", &format!("{missing}=")]).arg(&chart);
        let values = bare.arg("--values").arg(chart.join("ci/default-values.yaml")).output()?;
        expect(!values.status.success(), || format!("the chart renders without {missing}"))?;
    }
    Ok(())
}

/// The object of a kind.
fn of<'a>(objects: &'a [Value], kind: &str) -> Option<&'a Value> {
    objects.iter().find(|object| object["kind"] == kind)
}

/// What every chart has to say, whatever its values are.
fn check(objects: &[Value], servers: u64) -> Result<()> {
    let is = |what: &str, found: &Value, wanted: Value| {
        expect(*found == wanted, || format!("{what} is {found} and not {wanted}"))
    };
    let deployment = &of(objects, "Deployment").context("no Deployment")?["spec"];
    is("replicas", &deployment["replicas"], servers.into())?;
    is("maxUnavailable", &deployment["strategy"]["rollingUpdate"]["maxUnavailable"], 0.into())?;
    let pod = &deployment["template"]["spec"];
    is("runAsNonRoot", &pod["securityContext"]["runAsNonRoot"], true.into())?;
    is("seccompProfile", &pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault".into())?;
    is("the token of the service account", &pod["automountServiceAccountToken"], false.into())?;
    is("enableServiceLinks", &pod["enableServiceLinks"], false.into())?;
    is("spread", &pod["topologySpreadConstraints"][0]["topologyKey"], "kubernetes.io/hostname".into())?;

    let server = &pod["containers"][0];
    let context = &server["securityContext"];
    is("readOnlyRootFilesystem", &context["readOnlyRootFilesystem"], true.into())?;
    is("allowPrivilegeEscalation", &context["allowPrivilegeEscalation"], false.into())?;
    is("capabilities", &context["capabilities"]["drop"], serde_json::json!(["ALL"]))?;
    is("liveness", &server["livenessProbe"]["httpGet"]["path"], "/healthz".into())?;
    is("readiness", &server["readinessProbe"]["httpGet"]["path"], "/readyz?exclude=store".into())?;
    expect(server["resources"]["limits"]["memory"].is_string(), || "no limit of memory".to_owned())?;
    let writable: Vec<_> = server["volumeMounts"].as_array().into_iter().flatten().collect();
    let writable = writable.iter().filter(|mount| mount["readOnly"] != true);
    let writable: Vec<_> = writable.map(|mount| mount["mountPath"].as_str().unwrap_or_default()).collect();
    expect(writable == ["/data", "/tmp"], || format!("writable are {writable:?}"))?;

    let variables = server["env"].as_array().context("no environment")?;
    let variable = |name: &str| variables.iter().find(|variable| variable["name"] == name);
    let database = variable("JETON_DATABASE").context("no database")?;
    expect(database["value"].is_null() && database["valueFrom"]["secretKeyRef"]["name"].is_string(), || {
        format!("the URL of the database does not come from a secret: {database}")
    })?;
    expect(variable("JETON_KEYS_MASTER_KEY").is_none(), || {
        "the master key is in the environment".to_owned()
    })?;
    let file = variable("JETON_KEYS_MASTER_KEY_FILE").context("no master key")?;
    let volume =
        pod["volumes"].as_array().into_iter().flatten().find(|volume| volume["name"] == "master-key");
    let volume = &volume.context("no volume with the master key")?["secret"];
    is("the file of the master key", &file["value"], "/run/secrets/jeton/master-key".into())?;
    is("its path", &volume["items"][0]["path"], "master-key".into())?;
    is("its mode", &volume["defaultMode"], 0o440.into())?;

    // A budget for a single server would keep its node from ever being drained.
    let budget = of(objects, "PodDisruptionBudget");
    expect(budget.is_some() == (servers > 1), || format!("{servers} servers, and a budget: {budget:?}"))?;
    let labels = &deployment["template"]["metadata"]["labels"];
    let mut selectors = vec![&deployment["selector"]["matchLabels"]];
    selectors.extend(budget.map(|budget| &budget["spec"]["selector"]["matchLabels"]));
    selectors.push(&of(objects, "Service").context("no Service")?["spec"]["selector"]);
    for selector in selectors {
        let members = selector.as_object().context("no selector")?;
        let selects = !members.is_empty() && members.iter().all(|(name, value)| labels[name] == *value);
        expect(selects, || format!("{selector} does not select {labels}"))?;
    }
    expect(of(objects, "Secret").is_none(), || "the chart makes a secret".to_owned())
}

/// What the file of all values has to lead to.
fn with_every_value(objects: &[Value]) -> Result<()> {
    let ingress = &of(objects, "Ingress").context("no Ingress")?["spec"];
    let backend = &ingress["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"];
    let service = &of(objects, "Service").context("no Service")?["metadata"]["name"];
    expect(backend == service, || format!("the ingress leads to {backend} and not to {service}"))?;
    expect(ingress["tls"][0]["secretName"] == "login-tls", || "no TLS".to_owned())?;
    let pod = &of(objects, "Deployment").context("no Deployment")?["spec"]["template"]["spec"];
    expect(of(objects, "ServiceAccount").is_none(), || "a service account beside the given one".to_owned())?;
    for (what, found) in [
        ("nodeSelector", &pod["nodeSelector"]["kubernetes.io/os"]),
        ("tolerations", &pod["tolerations"][0]["key"]),
        ("affinity", &pod["affinity"]["podAntiAffinity"]),
        ("imagePullSecrets", &pod["imagePullSecrets"][0]["name"]),
        ("envFrom", &pod["containers"][0]["envFrom"][0]["secretRef"]["name"]),
    ] {
        expect(!found.is_null(), || format!("{what} has no effect"))?;
    }
    let variables = pod["containers"][0]["env"].as_array().context("no environment")?;
    for (name, value) in [
        ("JETON_LOG_LEVEL", "debug"),
        ("JETON_LIMITS_CONNECTIONS", "20000"),
        ("JETON_LIMITS_BODY", "2097152"),
        ("JETON_TOKEN_API_ENABLED", "false"),
    ] {
        let found = variables.iter().find(|variable| variable["name"] == name).map(|found| &found["value"]);
        expect(found == Some(&value.into()), || format!("{name} is {found:?}"))?;
    }
    Ok(())
}

//! The `JETON_*` variables.

use std::ffi::OsString;

use super::problem::Problem;
use super::{KEYS, Source, Value, nearest};

/// Variables that mean something else than a key: the configuration file, and what tests are told.
const OTHERS: [&str; 2] = ["JETON_CONFIG", "JETON_VECTORS"];

/// Puts what the environment says over `values`. An empty variable counts as one that is not set.
pub(super) fn apply(
    environment: Vec<(OsString, OsString)>,
    values: &mut [Value],
    problems: &mut Vec<Problem>,
) {
    let names: Vec<String> = KEYS.iter().map(super::Key::variable).collect();
    let mut environment: Vec<_> = environment
        .into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.starts_with("JETON_") && !is_other(name))
        .collect();
    environment.sort_unstable();
    for (name, value) in environment {
        let source = Source::Variable(name.clone());
        let Some(position) = names.iter().position(|known| *known == name) else {
            problems.push(Problem::new(source, unknown(&name, &names)));
            continue;
        };
        match value.into_string() {
            Ok(text) if text.is_empty() => {}
            Ok(text) => values[position] = Value::new(text, source),
            Err(_) => problems.push(Problem::new(source, "is not UTF-8")),
        }
    }
}

fn is_other(name: &str) -> bool {
    OTHERS.contains(&name) || name.starts_with("JETON_TEST_") || is_service_link(name)
}

/// Whether Kubernetes or Docker made the variable, as they do for each service: beside one called `jeton` there are
/// `JETON_PORT`, `JETON_PORT_8000_TCP_ADDR`, `JETON_SERVICE_HOST` and more in every container.
fn is_service_link(name: &str) -> bool {
    name == "JETON_PORT" || name.starts_with("JETON_PORT_") || name.starts_with("JETON_SERVICE_")
}

fn unknown(name: &str, names: &[String]) -> String {
    match nearest(name, names.iter().map(String::as_str)) {
        Some(likely) => format!("no such variable: did you mean {likely}?"),
        None => "no such variable: `jeton config reference` lists them all".to_owned(),
    }
}

//! The report on the JOSE library.

use std::fmt::Write;

use super::chart::multiple;
use super::{Bar, Chart, Group, Table};
use crate::jose::{Findings, LIMIT, OURS, Step};

/// The steps and what they are called.
const STEPS: [(Step, &str); 3] = [
    (Step::Sign, "Sign"),
    (Step::Verify, "Verify, parse, validate"),
    (Step::Refuse, "Refuse a wrong signature"),
];

/// The report as Markdown.
pub fn jose_markdown(findings: &Findings) -> String {
    let mut text = "# jeton-jose against other libraries\n\n\
        Written by `cargo xtask bench jose`. One process, one thread, batches of about a millisecond taking turns, the \
        fastest batch of the best of three processes. Times, with their multiple of the limit in brackets: the \
        cryptography alone with a prepared key on the same bytes (aws-lc-rs; for HS256 hmac and sha2). The same keys, \
        claims and tokens for all; claims are typed structs. jsonwebtoken uses aws-lc-rs, jwt-simple its pure Rust \
        variant, josekit the system's OpenSSL.\n"
        .to_owned();
    for (step, title) in STEPS {
        append(&mut text, format_args!("\n## {title}\n\n{}", times_table(findings, step)));
    }
    append(&mut text, format_args!("\n## Allocations a token\n\n{}", allocations_table(findings)));
    text
}

/// The times of signing and verifying as a chart.
pub fn jose_chart(findings: &Findings) -> Chart {
    let steps = STEPS.iter().filter(|(step, _)| *step != Step::Refuse);
    let groups = steps.flat_map(|(step, title)| {
        findings.algorithms().into_iter().map(move |algorithm| Group {
            title: format!("{algorithm}: {}", title.to_lowercase()),
            bars: bars(findings, algorithm, *step),
        })
    });
    Chart {
        title: "Time per token, as a multiple of the cryptography alone".to_owned(),
        subtitle: "Shorter is better; logarithmic, 1 is the limit.".to_owned(),
        groups: groups.collect(),
    }
}

fn bars(findings: &Findings, algorithm: &str, step: Step) -> Vec<Bar> {
    let bar = |library: &str| {
        let value = findings.ratio(library, algorithm, step)?;
        Some(Bar { label: library.to_owned(), value, text: multiple(value), highlighted: library == OURS })
    };
    findings.libraries().into_iter().filter_map(bar).collect()
}

fn times_table(findings: &Findings, step: Step) -> Table {
    let algorithms = findings.algorithms();
    let mut table = Table::new(&[&["library"], algorithms.as_slice()].concat());
    if step != Step::Refuse {
        let limits = algorithms
            .iter()
            .map(|algorithm| findings.time(LIMIT, algorithm, step).map_or_else(String::new, duration));
        table.row([LIMIT.to_owned()].into_iter().chain(limits).collect());
    }
    for library in findings.libraries() {
        let cells = algorithms.iter().map(|algorithm| {
            let time = findings.time(library, algorithm, step)?;
            Some(format!("{} ({:.2})", duration(time), findings.ratio(library, algorithm, step)?))
        });
        table.row([emphasised(library)].into_iter().chain(cells.map(Option::unwrap_or_default)).collect());
    }
    table
}

/// Allocations hardly depend on the algorithm, so two stand for all.
fn allocations_table(findings: &Findings) -> Table {
    let mut table =
        Table::new(&["library", "sign HS256", "verify HS256", "sign ES256", "verify ES256", "refuse ES256"]);
    for library in findings.libraries() {
        let steps = [
            ("HS256", Step::Sign),
            ("HS256", Step::Verify),
            ("ES256", Step::Sign),
            ("ES256", Step::Verify),
            ("ES256", Step::Refuse),
        ];
        let cells = steps.map(|(algorithm, step)| {
            findings.allocations(library, algorithm, step).map_or_else(String::new, |count| count.to_string())
        });
        table.row([emphasised(library)].into_iter().chain(cells).collect());
    }
    table
}

fn emphasised(library: &str) -> String {
    if library == OURS { format!("**{library}**") } else { library.to_owned() }
}

fn duration(nanoseconds: f64) -> String {
    match nanoseconds {
        short if short < 1000.0 => format!("{short:.0} ns"),
        middling if middling < 100_000.0 => format!("{:.2} µs", middling / 1000.0),
        long => format!("{:.0} µs", long / 1000.0),
    }
}

fn append(text: &mut String, part: std::fmt::Arguments<'_>) {
    text.write_fmt(part).expect("a String takes what is written to it");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::Finding;

    #[test]
    fn a_multiple_of_the_limit_stands_beside_each_time() {
        let finding = |library: &str, value: f64| Finding {
            library: library.to_owned(),
            algorithm: "HS256".to_owned(),
            step: Step::Sign,
            value,
        };
        let findings = Findings {
            nanoseconds: vec![finding(LIMIT, 300.0), finding(OURS, 450.0)],
            allocations: Vec::new(),
        };
        assert!(jose_markdown(&findings).contains("450 ns (1.50)"));
    }
}

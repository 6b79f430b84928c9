//! The report on the JOSE library.

use std::fmt::Write;

use super::chart::multiple;
use super::{Bar, Chart, Group, Machine, Table};
use crate::jose::{Findings, LIMIT, OURS, Step, Target, target};

/// The report as Markdown.
pub fn jose_markdown(findings: &Findings, machine: &Machine) -> String {
    let mut text = format!(
        "# jeton-jose against other libraries\n\n\
        Written by `cargo xtask bench jose` at {} on {} ({} cores, Linux {}). One process, one thread, batches of about a \
        millisecond taking turns, the fastest batch of the best of several processes. Behind each time, in brackets, its \
        multiple of the limit: the cryptography alone with a prepared key on the same bytes. [How to read it](../README.md#the-jose-libraries).\n",
        machine.revision, machine.processor, machine.cores, machine.kernel,
    );
    append(&mut text, format_args!("\n## Time a token\n\n{}", times_table(findings)));
    append(&mut text, format_args!("\n## Allocations a token\n\n{}", allocations_table(findings)));
    text
}

/// What has a limit, as a chart.
pub fn jose_chart(findings: &Findings) -> Chart {
    let limited = |(algorithm, step): &(&str, Step)| {
        *step != Step::Refuse && findings.time(LIMIT, algorithm, *step).is_some()
    };
    let groups = findings.operations().into_iter().filter(limited).map(|(algorithm, step)| Group {
        title: operation(algorithm, step),
        bars: bars(findings, algorithm, step),
    });
    Chart {
        title: "Time per token, as a multiple of the cryptography alone".to_owned(),
        subtitle: "Shorter is better; logarithmic, 1 is the limit.".to_owned(),
        groups: groups.collect(),
    }
}

fn operation(algorithm: &str, step: Step) -> String {
    match step {
        Step::Sign => format!("{algorithm} sign"),
        Step::Verify => format!("{algorithm} verify"),
        Step::VerifyInPlace => format!("{algorithm} verify, own claims alone"),
        Step::Refuse => format!("{algorithm} wrong signature"),
        Step::Garbage => "garbage of the same length".to_owned(),
        Step::Remember => format!("{algorithm} remembered by the guard"),
        Step::Encrypt => format!("{algorithm} encrypt"),
        Step::Decrypt => format!("{algorithm} decrypt"),
    }
}

fn bars(findings: &Findings, algorithm: &str, step: Step) -> Vec<Bar> {
    let bar = |library: &str| {
        let value = findings.ratio(library, algorithm, step)?;
        Some(Bar { label: library.to_owned(), value, text: multiple(value), highlighted: library == OURS })
    };
    findings.libraries().into_iter().filter_map(bar).collect()
}

fn times_table(findings: &Findings) -> Table {
    let libraries = findings.libraries();
    let mut table = Table::new(&[&["operation", "limit", "target"], libraries.as_slice()].concat());
    for (algorithm, step) in findings.operations() {
        let mut cells = vec![
            operation(algorithm, step),
            findings.limit(algorithm, step).map_or_else(String::new, duration),
            match target(algorithm, step) {
                Some(Target::Ratio(ratio)) => format!("({ratio:.2})"),
                Some(Target::Nanoseconds(nanoseconds)) => duration(nanoseconds),
                None => String::new(),
            },
        ];
        cells.extend(libraries.iter().map(|library| {
            let Some(time) = findings.time(library, algorithm, step) else { return String::new() };
            match findings.ratio(library, algorithm, step) {
                Some(ratio) => format!("{} ({ratio:.2})", duration(time)),
                None => duration(time),
            }
        }));
        table.row(cells);
    }
    table
}

/// Allocations hardly depend on the signature's algorithm, so two stand for all.
fn allocations_table(findings: &Findings) -> Table {
    let libraries = findings.libraries();
    let mut table = Table::new(&[&["operation"], libraries.as_slice()].concat());
    let telling = |algorithm: &str| matches!(algorithm, "HS256" | "ES256") || algorithm.contains('+');
    for (algorithm, step) in findings.operations().into_iter().filter(|(algorithm, _)| telling(algorithm)) {
        let count = |library: &&str| {
            findings.allocations(library, algorithm, step).map_or_else(String::new, |count| count.to_string())
        };
        table.row([operation(algorithm, step)].into_iter().chain(libraries.iter().map(count)).collect());
    }
    table
}

fn duration(nanoseconds: f64) -> String {
    match nanoseconds {
        tiny if tiny < 20.0 => format!("{tiny:.1} ns"),
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
    fn limit_target_and_multiple_stand_beside_each_time() {
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
        let row = times_table(&findings).to_string();
        assert!(row.contains("| HS256 sign | 300 ns | (1.50) | 450 ns (1.50) |"), "{row}");
    }
}

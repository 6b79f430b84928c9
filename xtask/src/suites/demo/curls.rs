//! The lines that the demo prints, pasted into a shell one after the other.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Demo;
use crate::report::Report;
use crate::rig::{expect, process};

/// Printed between the answers, so that they can be told apart.
const MARK: &str = "=== next line ===";

/// The commands in what the demo printed: lines that call curl, with the lines that they go on in.
pub(super) fn printed(log: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in log.lines().map(str::trim) {
        if goes_on {
            if let Some(command) = commands.last_mut() {
                command.push('\n');
                command.push_str(line);
            }
        } else if line.contains("curl ") {
            commands.push(line.to_owned());
        } else {
            continue;
        }
        goes_on = line.ends_with('\\');
    }
    commands
}

/// Pastes the four lines, and once more the third: a spent token gets the same successor.
pub(super) fn check(demo: &Demo, report: &mut Report) -> Result<()> {
    let answers = paste(&demo.lines[..4])?;
    let answer = |number: usize| -> Result<Value> {
        let text = &answers[number];
        serde_json::from_str(text).with_context(|| format!("{}\nprinted {text:?}", demo.lines[number]))
    };
    report.check("the first line gets an access token and a refresh token", || {
        let pair = answer(0)?;
        expect(pair["access"].is_string() && pair["refresh"].is_string(), || format!("it printed {pair}"))
    });
    report.check("the second line is greeted by the protected API", || {
        let greeting = answer(1)?;
        let named = greeting.to_string().contains(demo.username());
        expect(greeting["message"] == "Hello, World!" && named, || format!("it printed {greeting}"))
    });
    report.check("the third line gets another pair", || {
        let (first, second) = (answer(0)?, answer(2)?);
        let fresh = second["access"].is_string()
            && second["refresh"].is_string()
            && first["refresh"] != second["refresh"];
        expect(fresh, || format!("it printed {second}"))
    });
    report.check("the fourth line signs out", || {
        let answer = answer(3)?;
        expect(answer == serde_json::json!({}), || format!("it printed {answer}"))
    });
    report.check("the third line after that is refused", || {
        let again = [&demo.lines[..4], &demo.lines[2..3]].concat();
        let answers = paste(&again)?;
        expect(answers[4].contains("token_not_valid"), || format!("it printed {}", answers[4]))
    });
    Ok(())
}

/// What each line printed.
fn paste(lines: &[String]) -> Result<Vec<String>> {
    let mut script = String::new();
    for line in lines {
        script.push_str(line);
        script.push_str(&format!("\necho\necho '{MARK}'\n"));
    }
    let output = process::output("the curl lines", Command::new("bash").args(["-c", &script]))?;
    let answers: Vec<String> = output.split(MARK).map(|answer| answer.trim().to_owned()).collect();
    expect(answers.len() > lines.len(), || format!("the lines printed:\n{output}"))?;
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::printed;

    #[test]
    fn a_command_goes_on_where_its_line_ends_with_a_backslash() {
        let log = "Listening.\n  curl -X POST \\\n    http://a/\nText.\n  A=$(curl b)\n";
        assert_eq!(printed(log), ["curl -X POST \\\nhttp://a/", "A=$(curl b)"]);
    }
}

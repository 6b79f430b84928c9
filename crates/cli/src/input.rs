//! What commands read: arguments, files, standard input, passwords from a terminal.

use std::io::{self, BufRead, IsTerminal, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::output::printable;

/// No file that a command reads is larger.
const LARGEST: u64 = 256 << 20;

/// The bytes of a file, or of standard input for `-`.
pub(crate) fn file_or_stdin(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if path.as_os_str() == "-" {
        return stdin_to_end();
    }
    let refused = |error: io::Error| {
        let cause = jeton_store::cause(path, &error);
        Failure::coded("input_unreadable", format!("cannot read {}: {cause}", path.display()))
    };
    let file = std::fs::File::open(path).map_err(refused)?;
    read_bounded(file).map_err(refused)
}

/// An argument; or all of standard input, without white space around it, for `-` and where there is no argument.
pub(crate) fn argument_or_stdin(argument: Option<String>) -> Result<Zeroizing<String>, Failure> {
    match argument {
        Some(text) if text != "-" => Ok(Zeroizing::new(text)),
        _ => {
            let bytes = stdin_to_end()?;
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| Failure::coded("input_not_utf8", "standard input is not UTF-8"))?;
            Ok(Zeroizing::new(text.trim().to_owned()))
        }
    }
}

/// A token: an argument as it is; or all of standard input without the line breaks at its end, for `-` and where there is
/// no argument. No other white space is taken away: a token has one spelling.
pub(crate) fn token(argument: Option<String>) -> Result<Zeroizing<String>, Failure> {
    match argument {
        Some(text) if text != "-" => Ok(Zeroizing::new(text)),
        _ => {
            let bytes = stdin_to_end()?;
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| Failure::coded("token_malformed", "standard input is not UTF-8"))?;
            Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
        }
    }
}

/// What to do with the refusal of a text that this argument should have been: where it is the name of a file, the refusal says
/// how the text in the file is given.
pub(crate) fn not_the_text(argument: Option<&str>) -> impl FnOnce(Failure) -> Failure + use<> {
    let file = argument.filter(|argument| Path::new(argument).is_file()).map(printable);
    move |failure| match (failure, file) {
        (Failure::Coded { code, text }, Some(file)) if code.ends_with("_malformed") => {
            Failure::coded(code, format!("{text}; {file} is a file: pass its content with < {file}"))
        }
        (failure, _) => failure,
    }
}

/// The bytes of a file as they are, or of standard input for `-` and where no file is named.
pub(crate) fn content(path: Option<&Path>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    file_or_stdin(path.unwrap_or(Path::new("-")))
}

/// Refuses a command line that reads several things from standard input.
pub(crate) fn one_from_stdin<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Result<(), Failure> {
    if paths.into_iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Failure::usage("only one input can be read from standard input"));
    }
    Ok(())
}

/// Whether standard input is a terminal, where nobody would know that they are waited for.
pub(crate) fn stdin_is_terminal() -> bool {
    io::stdin().is_terminal()
}

/// The one line of standard input: without its line break and with everything else. A second line is refused, since whoever wrote it
/// takes it for a part of the secret. On a terminal there is none: the line ends it.
pub(crate) fn line_of_stdin() -> Result<Zeroizing<String>, Failure> {
    const LONGEST: u64 = 1 << 20;
    let mut line = Zeroizing::new(String::new());
    let mut source = io::stdin().lock().take(LONGEST);
    let read =
        if stdin_is_terminal() { source.read_line(&mut line) } else { source.read_to_string(&mut line) };
    read.map_err(|error| unreadable("standard input", &error))?;
    let kept = without_line_break(line.as_bytes()).len();
    line.truncate(kept);
    if line.contains('\n') {
        return Err(Failure::coded(
            "input_many_lines",
            "standard input has more than one line: give only the secret",
        ));
    }
    Ok(line)
}

/// A secret without the one line break at its end, `\n` or `\r\n`, that editors and `echo` put there.
pub(crate) fn without_line_break(secret: &[u8]) -> &[u8] {
    let line = secret.strip_suffix(b"\n");
    line.map_or(secret, |line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// Asks for a new password twice, without showing it.
pub(crate) fn new_password(username: &str) -> Result<Zeroizing<String>, Failure> {
    if !stdin_is_terminal() {
        return Err(Failure::usage("no terminal to prompt for a password: use --password-stdin"));
    }
    let ask = |prompt: String| {
        rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(|error| {
            Failure::coded("terminal_unusable", format!("cannot ask for a password: {error}"))
        })
    };
    let first = ask(format!("Password for {username}: "))?;
    let second = ask("Repeat the password: ".to_owned())?;
    if first == second {
        Ok(first)
    } else {
        Err(Failure::coded("passwords_differ", "the two passwords differ"))
    }
}

fn stdin_to_end() -> Result<Zeroizing<Vec<u8>>, Failure> {
    read_bounded(io::stdin().lock()).map_err(|error| unreadable("standard input", &error))
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::coded("input_unreadable", format!("cannot read {name}: {error}"))
}

fn read_bounded(source: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    source.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len > LARGEST) {
        return Err(io::Error::other("it is larger than 256 MiB"));
    }
    Ok(bytes)
}

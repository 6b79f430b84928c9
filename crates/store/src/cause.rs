//! Explains errors of the operating system to the person who has to fix them.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Says why a file or folder could not be used: the disk is full, or who owns the file and which user asked.
pub fn cause(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::StorageFull => "the disk is full".to_owned(),
        ErrorKind::QuotaExceeded => "the disk quota is used up".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        ErrorKind::PermissionDenied => denied(path),
        _ => error.to_string(),
    }
}

/// Says why an existing file cannot be opened: who owns it, and which user asked.
pub(crate) fn denied(path: &Path) -> String {
    let user = rustix::process::geteuid().as_raw();
    // Where the file cannot even be looked at, a folder on the way to it is the one that is closed.
    let closed = path.ancestors().find_map(|on_the_way| Some((on_the_way, fs::metadata(on_the_way).ok()?)));
    match closed {
        Some((found, of)) => format!(
            "permission denied: {} belongs to {} (mode {:04o}), and this process runs as {}",
            found.display(),
            named(of.uid()),
            of.mode() & 0o7777,
            named(user)
        ),
        None => format!("permission denied; this process runs as {}", named(user)),
    }
}

/// A user by name and number, if the machine's own list contains the name.
fn named(user: u32) -> String {
    let list = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = list.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(user)).then_some(name)
    });
    match name {
        Some(name) => format!("{name} (user {user})"),
        None => format!("user {user}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_to_mend() {
        let path = Path::new("/proc/version");
        let said = |kind: ErrorKind| cause(path, &kind.into());
        assert_eq!(said(ErrorKind::StorageFull), "the disk is full");
        assert_eq!(said(ErrorKind::ReadOnlyFilesystem), "the file system is read-only");
        let denied = said(ErrorKind::PermissionDenied);
        let user = rustix::process::geteuid().as_raw();
        assert!(
            denied.starts_with("permission denied: /proc/version belongs to root (user 0) (mode 0"),
            "{denied}"
        );
        assert!(
            denied.contains("and this process runs as ") && denied.contains(&format!("user {user}")),
            "{denied}"
        );
        let below = cause(Path::new("/proc/version/x/y"), &ErrorKind::PermissionDenied.into());
        assert_eq!(below, denied, "the nearest that is there is named");
    }
}

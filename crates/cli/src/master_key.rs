//! The master key: from the configuration, or from its file, which the first start makes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use jeton_authority::keys::MasterKey;
use jeton_authority::store::Store;
use jeton_jose::base64url;
use jeton_store::{DataFolder, DatabaseUrl, cause};
use zeroize::Zeroizing;

use crate::config::Config;
use crate::failure::Failure;
use crate::{input, output};

const BYTES: usize = 32;

/// The master key, where there is one: in the configuration, or in its file.
pub(crate) fn at_hand(config: &Config, folder: &DataFolder) -> Result<Option<MasterKey>, Failure> {
    read(config, folder.path())
}

/// The same where the data folder may be missing.
pub(crate) fn read(config: &Config, folder: &Path) -> Result<Option<MasterKey>, Failure> {
    if let Some(key) = &config.keys_master_key {
        return parse(key.expose()).ok_or_else(|| refused(PLACE)).map(Some);
    }
    let path = file(config, folder);
    match fs::read_to_string(&path).map(Zeroizing::new) {
        Ok(text) => {
            warn_if_readable_by_others(&path);
            parse(&text).ok_or_else(|| refused(&path.display().to_string())).map(Some)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::coded(
            "master_key_unreadable",
            format!("cannot read the master key {}: {}", path.display(), cause(&path, &error)),
        )),
    }
}

/// Copies the file with the master key from one data folder to another that has none. A key that is in the configuration, or in a file that
/// the configuration names, stays where it is.
pub(crate) fn copy(config: &Config, from: &Path, to: &Path) -> Result<(), Failure> {
    let (from, to) = (file(config, from), file(config, to));
    if config.keys_master_key.is_some() || from == to || to.exists() || !from.exists() {
        return Ok(());
    }
    let read = fs::read(&from).map(Zeroizing::new);
    let copied = read.and_then(|text| write_new(&to, &text));
    copied.map_err(|error| {
        Failure::coded(
            "master_key_unwritable",
            format!("cannot copy the master key to {}: {}", to.display(), cause(&to, &error)),
        )
    })
}

/// Makes a master key, unless something is sealed in the store already: nothing else than the key of then opens that.
pub(crate) async fn make_for(
    config: &Config,
    folder: &DataFolder,
    store: &dyn Store,
) -> Result<MasterKey, Failure> {
    let path = file(config, folder.path());
    let sealed = store.sealed_things().await;
    if !sealed.map_err(|error| Failure::coded("store_failed", error.to_string()))?.is_empty() {
        return Err(missing(config, folder));
    }
    make(&path)
}

/// What to do about a key that is not the database's.
pub(crate) fn mismatch(config: &Config, folder: &DataFolder, database: &DatabaseUrl) -> Failure {
    let place = match &config.keys_master_key {
        Some(_) => PLACE.to_owned(),
        None => file(config, folder.path()).display().to_string(),
    };
    Failure::coded(
        "master_key_mismatch",
        format!(
            "the master key in {place} does not match the database {}, in which another key sealed the keys and secrets: put that key back, \
             or name it by keys.master_key_file; nothing was changed",
            database
        ),
    )
}

/// The setting, where a key stands in it.
const PLACE: &str = "keys.master_key";

fn file(config: &Config, folder: &Path) -> PathBuf {
    config.keys_master_key_file.clone().unwrap_or_else(|| folder.join(DataFolder::MASTER_KEY))
}

/// 32 bytes in base64url; a line break at the end does not count.
fn parse(text: &str) -> Option<MasterKey> {
    let text = std::str::from_utf8(input::without_line_break(text.as_bytes())).ok()?;
    let bytes = Zeroizing::new(base64url::decode(text).ok()?);
    <[u8; BYTES]>::try_from(bytes.as_slice()).ok().map(MasterKey::from_bytes)
}

fn refused(place: &str) -> Failure {
    Failure::coded(
        "master_key_malformed",
        format!("{place} is not a master key: expected {BYTES} bytes in base64url"),
    )
}

/// What to do about a key that is not there, though something is sealed under it.
pub(crate) fn missing(config: &Config, folder: &DataFolder) -> Failure {
    Failure::coded(
        "master_key_missing",
        format!(
            "the master key {} is missing, and the keys in the store cannot be decrypted without it: restore it, or set keys.master_key",
            file(config, folder.path()).display()
        ),
    )
}

fn make(path: &Path) -> Result<MasterKey, Failure> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    jeton_jose::random::fill(bytes.as_mut_slice());
    let text = Zeroizing::new(format!("{}\n", base64url::encode(bytes.as_slice())));
    let written = write_new(path, text.as_bytes());
    written.map_err(|error| {
        Failure::coded(
            "master_key_unwritable",
            format!("cannot make the master key {}: {}", path.display(), cause(path, &error)),
        )
    })?;
    // Another process may have been first: what the file holds counts.
    let text = fs::read_to_string(path).map(Zeroizing::new);
    let text = text.map_err(|error| {
        Failure::coded(
            "master_key_unreadable",
            format!("cannot read {}: {}", path.display(), cause(path, &error)),
        )
    })?;
    parse(&text).ok_or_else(|| refused(&path.display().to_string()))
}

/// Writes a file that is either there in full or not at all, even after a crash; leaves one alone that is there already.
fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    let unready = PathBuf::from(format!("{}.{}", path.display(), std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unready)?;
    let written = file.write_all(text).and_then(|()| file.sync_all()).and_then(|()| {
        match fs::hard_link(&unready, path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    });
    fs::remove_file(&unready)?;
    written?;
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

/// Whether a secret's file is open to others than those who have to read it. A file that its owner cannot write was put there for a group
/// to read: a secret that is mounted into a container belongs to root and to the server's group.
pub(crate) const fn lets_others_read(mode: u32) -> bool {
    mode & 0o037 != 0 || mode & 0o240 == 0o240
}

fn warn_if_readable_by_others(path: &Path) {
    #[cfg(unix)]
    if let Ok(metadata) = fs::metadata(path) {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        if lets_others_read(mode) {
            let path = path.display();
            output::note(&format!(
                "warning: others on this machine may use {path} (mode {mode:o}): chmod 600 {path}"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_for_its_owner_or_for_the_group_that_it_was_mounted_for() {
        for (mode, open) in [
            (0o600, false),
            (0o400, false),
            (0o440, false),
            (0o640, true),
            (0o660, true),
            (0o444, true),
            (0o604, true),
        ] {
            assert_eq!(lets_others_read(mode), open, "{mode:o}");
        }
    }
}

//! The master key: from the configuration, or from its file, which the first start makes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use jeton_authority::keys::MasterKey;
use jeton_authority::store::Store;
use jeton_jose::base64url;
use jeton_store::DataFolder;
use zeroize::Zeroizing;

use crate::config::Config;
use crate::failure::Failure;
use crate::output;

const BYTES: usize = 32;

/// The master key that the store's keys are sealed under, or a new one where nothing has been sealed yet.
pub(crate) async fn load_or_make(
    config: &Config,
    folder: &DataFolder,
    store: &dyn Store,
) -> Result<MasterKey, Failure> {
    if let Some(key) = &config.keys_master_key {
        return parse(key.expose()).ok_or_else(|| refused("keys.master_key"));
    }
    let path = config.keys_master_key_file.clone().unwrap_or_else(|| folder.master_key());
    match fs::read_to_string(&path).map(Zeroizing::new) {
        Ok(text) => {
            warn_if_readable_by_others(&path);
            parse(&text).ok_or_else(|| refused(&path.display().to_string()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let keys = store.list_keys().await.map_err(|error| Failure::refused(error.to_string()))?;
            if keys.is_empty() { make(&path) } else { Err(missing(&path)) }
        }
        Err(error) => {
            Err(Failure::refused(format!("cannot read the master key {}: {error}", path.display())))
        }
    }
}

/// 32 bytes in base64url; a line break at the end does not count.
fn parse(text: &str) -> Option<MasterKey> {
    let bytes = Zeroizing::new(base64url::decode(text.trim_end_matches(['\n', '\r'])).ok()?);
    <[u8; BYTES]>::try_from(bytes.as_slice()).ok().map(MasterKey::from_bytes)
}

fn refused(place: &str) -> Failure {
    Failure::refused(format!("{place} is no master key: it wants {BYTES} bytes in base64url"))
}

fn missing(path: &Path) -> Failure {
    Failure::refused(format!(
        "the master key {} is missing, and the keys in the store cannot be opened without it: put it back, or set keys.master_key",
        path.display()
    ))
}

fn make(path: &Path) -> Result<MasterKey, Failure> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    jeton_jose::random::fill(bytes.as_mut_slice());
    let text = Zeroizing::new(format!("{}\n", base64url::encode(bytes.as_slice())));
    let written = write_new(path, text.as_bytes());
    written.map_err(|error| {
        Failure::refused(format!("cannot make the master key {}: {error}", path.display()))
    })?;
    // Another process may have been first: what the file holds counts.
    let text = fs::read_to_string(path).map(Zeroizing::new);
    let text = text.map_err(|error| Failure::refused(format!("cannot read {}: {error}", path.display())))?;
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

fn warn_if_readable_by_others(path: &Path) {
    #[cfg(unix)]
    if let Ok(metadata) = fs::metadata(path) {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            let path = path.display();
            output::note(&format!(
                "warning: others on this machine may use {path} (mode {mode:o}): chmod 600 {path}"
            ));
        }
    }
}

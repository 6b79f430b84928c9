//! Observing a deployment: the machine, the files, the database, and what answers at the issuer's URL. Nothing is changed.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use jeton_authority::ClockReading;
use jeton_authority::keys::StoredKey;
use jeton_authority::keys::lifecycle::{KeyState, lifecycle, signing_keys};
use jeton_authority::store::Store;
use jeton_fetch::{Fetcher, Reach, RemoteUrl};
use jeton_jose::Timestamp;
use jeton_jose::x509;
use jeton_server::control;
use jeton_store::{Access, DataFolder, DatabaseUrl, OpenMode};
use rustix::fs::statvfs;
use rustix::process::geteuid;
use zeroize::Zeroizing;

use super::facts::{
    Backups, BackupsFound, Certificate, Disk, Facts, Issuer, IssuerFound, Key, MasterKeyPlace, Proxies, Role,
    StoredFile,
};
use super::rules::weakness;
use crate::config::{Config, Loaded};
use crate::{clock, input};

/// Observes a deployment with this configuration. `config_file` is the file that it was read from.
pub(super) async fn observe(loaded: &Loaded, config_file: Option<&Path>, nodes: Option<u32>) -> Facts {
    let config = &loaded.config;
    let now = clock::now();
    let folder = &config.data;
    let database =
        config.database.0.clone().unwrap_or_else(|| DatabaseUrl::sqlite(folder.join(DataFolder::DATABASE)));
    let opened = jeton_store::open(&database, OpenMode::AsIs, Access::Command, None).await;
    let opened = opened.map_err(|error| error.to_string());
    let (mut clock, mut keys) = (None, vec![]);
    let examined = match &opened {
        Ok(store) => {
            clock = compare(&**store).await;
            keys = store.list_keys().await.unwrap_or_default();
            store.examine().await.map_err(|error| error.to_string())
        }
        Err(reason) => Err(reason.clone()),
    };
    let issuer = config.issuer_at(config.listen.0);
    let fetcher = fetcher(config);
    Facts {
        now,
        warnings: config.warnings(),
        clock,
        newest_stored: keys.iter().map(|key| key.created_at).max(),
        disks: disks(folder, &database),
        files: files(config, config_file, &database),
        master_key: master_key(config, &database),
        backups: Backups {
            database: config.backup_database.clone(),
            master_key: config.backup_master_key.clone(),
            found: config.backup_database.as_deref().and_then(backups_at),
        },
        issuer: Issuer {
            is_set: loaded.is_set("issuer"),
            served: control::settings(folder).ok().flatten().map(|served| served.issuer),
            found: found(&fetcher, &issuer).await,
            url: issuer.clone(),
        },
        certificates: certificates(config, &fetcher, &issuer).await,
        proxies: Proxies {
            issuer_is_https: issuer.starts_with("https://"),
            own_tls: config.tls_certificate.is_some(),
            trusted: config.proxy_trusted.0.clone(),
        },
        database: examined,
        nodes,
        keys: states(&keys, config, now),
        weak_secrets: weak_secrets(config, &database),
    }
}

async fn compare(store: &dyn Store) -> Option<ClockReading> {
    let before = clock::now();
    let theirs = store.time().await.ok().flatten()?;
    Some(ClockReading { ours: (before, clock::now()), theirs })
}

/// The file systems of the folder and of the database file.
fn disks(folder: &Path, database: &DatabaseUrl) -> Vec<Disk> {
    let beside = database.file().and_then(Path::parent).filter(|beside| *beside != folder);
    [Some(folder), beside].into_iter().flatten().filter_map(disk).collect()
}

fn disk(path: &Path) -> Option<Disk> {
    let found = statvfs(path).ok()?;
    Some(Disk {
        path: path.to_owned(),
        free: found.f_bavail.saturating_mul(found.f_frsize),
        total: found.f_blocks.saturating_mul(found.f_frsize),
        free_files: found.f_favail,
        total_files: found.f_files,
    })
}

fn files(config: &Config, config_file: Option<&Path>, database: &DatabaseUrl) -> Vec<StoredFile> {
    let mut paths: Vec<(PathBuf, Role)> = vec![(config.data.clone(), Role::Folder)];
    if let Some(file) = database.file() {
        paths.push((file.to_owned(), Role::Secret));
        paths.extend(file.parent().map(|beside| (beside.to_owned(), Role::Folder)));
    }
    if config.keys_master_key.is_none() {
        paths.push((master_key_file(config), Role::Secret));
    }
    let secrets = [&config.tls_key, &config.access_shared_secret_file];
    paths.extend(secrets.into_iter().flatten().map(|path| (path.clone(), Role::Secret)));
    paths.extend(config.tls_certificate.iter().map(|path| (path.clone(), Role::Read)));
    paths.extend(config_file.map(|path| (path.to_owned(), Role::Read)));
    paths.sort();
    paths.dedup();
    paths.into_iter().filter_map(|(path, role)| stored(path, role)).collect()
}

fn stored(path: PathBuf, role: Role) -> Option<StoredFile> {
    let metadata = std::fs::metadata(&path).ok()?;
    let ours = metadata.uid() == geteuid().as_raw() || role == Role::Read;
    Some(StoredFile { path, role, mode: metadata.mode() & 0o7777, ours })
}

/// What is in the place of the backups. What is no absolute path names another machine, or a person.
fn backups_at(place: &str) -> Option<BackupsFound> {
    let path = Path::new(place);
    if !path.is_absolute() {
        return None;
    }
    let found = || -> std::io::Result<BackupsFound> {
        if !path.metadata()?.is_dir() {
            return newest([path.to_path_buf()]);
        }
        newest(path.read_dir()?.flatten().map(|entry| entry.path()))
    };
    Some(found().unwrap_or_else(|error| BackupsFound::Unreadable { reason: error.to_string() }))
}

/// The newest of these files.
fn newest(files: impl IntoIterator<Item = PathBuf>) -> std::io::Result<BackupsFound> {
    let mut newest = BackupsFound::Nothing;
    let mut newest_at = i64::MIN;
    for path in files {
        let metadata = path.metadata()?;
        if metadata.is_file() && metadata.mtime() > newest_at {
            newest_at = metadata.mtime();
            let written_at = Timestamp::from_unix(newest_at);
            newest = BackupsFound::Newest { path, written_at, bytes: metadata.len() };
        }
    }
    Ok(newest)
}

fn master_key_file(config: &Config) -> PathBuf {
    config.keys_master_key_file.clone().unwrap_or_else(|| config.data.join(DataFolder::MASTER_KEY))
}

fn master_key(config: &Config, database: &DatabaseUrl) -> MasterKeyPlace {
    if config.keys_master_key.is_some() {
        return MasterKeyPlace::Elsewhere;
    }
    let path = master_key_file(config);
    if !path.exists() {
        return MasterKeyPlace::Missing { path };
    }
    match database.file().and_then(Path::parent) {
        Some(beside) if path.parent() == Some(beside) => MasterKeyPlace::BesideDatabase { path },
        _ => MasterKeyPlace::Elsewhere,
    }
}

/// What fetches as a client would, from wherever the issuer is.
fn fetcher(config: &Config) -> Fetcher {
    let fetcher = config.fetcher().unwrap_or_else(|_| Fetcher::new());
    fetcher.allow(Reach::Loopback).allow(Reach::Private)
}

async fn found(fetcher: &Fetcher, issuer: &str) -> IssuerFound {
    let found = async {
        let metadata = fetcher.metadata(issuer).await?;
        fetcher.jwk_set(&metadata.jwks_uri).await
    };
    match found.await {
        Ok(keys) => {
            let kids = keys.keys().iter().filter_map(|key| key.kid().map(str::to_owned)).collect();
            IssuerFound::Metadata { kids }
        }
        Err(error) => IssuerFound::Failed { reason: error.to_string() },
    }
}

async fn certificates(config: &Config, fetcher: &Fetcher, issuer: &str) -> Vec<Certificate> {
    let mut certificates = vec![];
    if let (Ok(Some(tls)), Some(file)) = (config.tls(), &config.tls_certificate) {
        certificates.push(Certificate { place: file.display().to_string(), not_after: tls.not_after() });
    }
    // A proxy has another one.
    if let Ok(url) = RemoteUrl::parse(issuer)
        && url.is_https()
        && let Ok(der) = fetcher.certificate(&url).await
        && let Some(not_after) = x509::Certificate::parse(&der).ok().and_then(|found| found.not_after().ok())
    {
        certificates.push(Certificate { place: issuer.to_owned(), not_after });
    }
    certificates
}

fn states(keys: &[StoredKey], config: &Config, now: Timestamp) -> Vec<Key> {
    let mut states = vec![];
    for group in signing_keys(keys) {
        let life = lifecycle(&group, config.authority.access.lifetime, now);
        for (key, state) in group.iter().zip(life.states) {
            states.push(Key {
                kid: key.id.to_string(),
                purpose: key.purpose.as_str(),
                signs_from: key.signs_from,
                signs: state == KeyState::Signing,
                published: state.is_published(),
            });
        }
    }
    states
}

/// The names of secrets that are easy to guess, and why. Nothing of them is kept.
fn weak_secrets(config: &Config, database: &DatabaseUrl) -> Vec<(String, &'static str)> {
    let mut weak = vec![];
    let mut look = |name: &str, secret: &[u8]| {
        weak.extend(weakness(secret).map(|why| (name.to_owned(), why)));
    };
    if let Some(secret) = &config.access_shared_secret {
        look("access.shared_secret", secret.expose().as_bytes());
    }
    if let Some(Ok(bytes)) = config.access_shared_secret_file.as_deref().map(std::fs::read) {
        let bytes = Zeroizing::new(bytes);
        look("access.shared_secret_file", input::without_line_break(&bytes));
    }
    let from_file = || std::fs::read_to_string(master_key_file(config)).ok().map(Zeroizing::new);
    let master =
        config.keys_master_key.as_ref().map(|key| Zeroizing::new(key.expose().to_owned())).or_else(from_file);
    if let Some(bytes) = master.and_then(|text| jeton_jose::base64url::decode(text.trim_end()).ok()) {
        look("the master key", &Zeroizing::new(bytes));
    }
    database.with_password(|password| look("the password of the database", password));
    weak
}

//! The files with the certificate, its key and the roots of client certificates.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jeton_jose::x509::{Certificate, TrustRoots};
use jeton_jose::{KeyError, Timestamp};
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error, InconsistentKeys};
use zeroize::Zeroizing;

use super::TlsError;

/// The largest file that is read, in bytes: four times the size of a bundle of all authorities that the web trusts.
const MAX_FILE: usize = 1024 * 1024;

/// The paths of the certificate and related files, all in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by its intermediate certificates. Setting `tls.certificate`.
    pub certificate: PathBuf,
    /// Its private key: PKCS#8, PKCS#1 or SEC1, unencrypted. Setting `tls.key`.
    pub key: PathBuf,
    /// The trusted roots of client certificates. Setting `tls.client_roots`.
    pub client_roots: Option<PathBuf>,
}

impl TlsFiles {
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        [Some(&self.certificate), Some(&self.key), self.client_roots.as_ref()]
            .into_iter()
            .flatten()
            .map(PathBuf::as_path)
    }
}

/// The contents of the files.
pub(super) struct Loaded {
    pub(super) key: Arc<CertifiedKey>,
    pub(super) not_after: Timestamp,
    pub(super) client_roots: Option<TrustRoots>,
}

pub(super) fn load(files: &TlsFiles) -> Result<Loaded, TlsError> {
    let chain = certificates(&files.certificate)?;
    let not_after = not_after(&files.certificate, &chain)?;
    let no_key = |_| TlsError::NoKey { file: files.key.clone() };
    let key = PrivateKeyDer::from_pem_slice(&read(&files.key)?).map_err(no_key)?;
    let key =
        CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                TlsError::KeyMismatch { certificate: files.certificate.clone(), key: files.key.clone() }
            }
            Error::InvalidCertificate(_) => {
                TlsError::CertificateMalformed { file: files.certificate.clone() }
            }
            error => TlsError::KeyUnusable { file: files.key.clone(), reason: error.to_string().into() },
        })?;
    let client_roots = files.client_roots.as_deref().map(roots).transpose()?;
    Ok(Loaded { key: Arc::new(key), not_after, client_roots })
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(file)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let chain = chain.map_err(|_| TlsError::CertificateMalformed { file: file.into() })?;
    if chain.is_empty() { Err(TlsError::NoCertificate { file: file.into() }) } else { Ok(chain) }
}

fn not_after(file: &Path, chain: &[CertificateDer<'_>]) -> Result<Timestamp, TlsError> {
    let first = chain.first().and_then(|der| Certificate::parse(der).ok());
    let not_after = first.and_then(|first| first.not_after().ok());
    not_after.ok_or_else(|| TlsError::CertificateMalformed { file: file.into() })
}

fn roots(file: &Path) -> Result<TrustRoots, TlsError> {
    let refused = |error| TlsError::ClientRoots { file: file.into(), error };
    let pem = read(file)?;
    TrustRoots::from_pem(std::str::from_utf8(&pem).map_err(|_| refused(KeyError::Pem))?).map_err(refused)
}

/// The bytes of a file. They may be a key's, so they are wiped after use.
fn read(file: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let unreadable = |error| TlsError::Unreadable { file: file.into(), error };
    let opened = File::open(file).map_err(unreadable)?;
    // Made as long as it gets, so that nothing of it stays behind where it grew.
    let length = opened.metadata().map_or(0, |metadata| metadata.len());
    let mut bytes =
        Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or(0).min(MAX_FILE) + 1));
    opened.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > MAX_FILE {
        return Err(TlsError::TooLarge { file: file.into(), limit: MAX_FILE });
    }
    Ok(bytes)
}

//! Certificates that come with a signature (`x5c`, RFC 7515 §4.1.6).

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use jeton_jose::x509::{CertificateChain, CertificateName, TrustRoots, Verifier};
use jeton_jose::{Algorithm, KeyError, KeySet, Timestamp};

use super::peek::is_json;
use crate::failure::Failure;
use crate::input;

/// `--x5c` and `--x5t-s256`, for commands that sign.
#[derive(Debug, Args)]
pub(super) struct Certified {
    /// Include the key's certificate chain (`x5c`): a PEM file, the key's own first
    #[arg(long, value_name = "FILE")]
    pub(super) x5c: Option<PathBuf>,
    /// Include the thumbprint of the key's certificate (`x5t#S256`): a PEM file, the key's own first
    #[arg(long, value_name = "FILE")]
    pub(super) x5t_s256: Option<PathBuf>,
}

impl Certified {
    /// The files that are read.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.x5c.iter().chain(&self.x5t_s256).map(PathBuf::as_path)
    }

    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.paths().next().is_none()
    }

    /// The chain to send along.
    pub(super) fn chain(&self) -> Result<Option<CertificateChain>, Failure> {
        self.x5c.as_deref().map(chain).transpose()
    }

    /// The chain whose first certificate is named.
    pub(super) fn named(&self) -> Result<Option<CertificateChain>, Failure> {
        self.x5t_s256.as_deref().map(chain).transpose()
    }
}

/// `--certificate-name`, for commands that verify with `--roots`.
#[derive(Debug, Args)]
#[group(skip)]
pub(super) struct CertificateOption {
    /// With --roots: the required certificate name: a host name, an address or a URI; '*' accepts any
    #[arg(long, value_name = "NAME")]
    certificate_name: Option<String>,
}

impl CertificateOption {
    /// Refuses a name that nothing is compared with.
    pub(super) fn check(&self, roots: Option<&Path>) -> Result<(), Failure> {
        match (&self.certificate_name, roots) {
            (Some(_), None) => Err(Failure::usage("--certificate-name requires --roots")),
            _ => Ok(()),
        }
    }

    /// The keys that a signed text carries, as far as certificates lead from these roots to them.
    pub(super) fn keys(
        &self,
        roots: &Path,
        allowed: &[Algorithm],
        signed: &str,
        max_len: usize,
        now: Timestamp,
    ) -> Result<KeySet, Failure> {
        let Some(name) = self.certificate_name.as_deref() else {
            return Err(Failure::usage(
                "--roots needs --certificate-name: the required name, or '*' for any certificate that the roots certify",
            ));
        };
        let roots = TrustRoots::from_pem(&pem(roots)?)
            .map_err(|error| Failure::coded(error.code(), format!("{}: {error}", roots.display())))?;
        let allowed = if allowed.is_empty() { Algorithm::ALL } else { allowed };
        let verifier = Verifier::new(roots, certificate_name(name), allowed.iter().copied()).max_len(max_len);
        let keys = if is_json(signed) {
            verifier.keys_of_json(signed, now)
        } else {
            verifier.key_of(signed, now).map(KeySet::from)
        };
        keys.map_err(|error| {
            let hint = if signed.len() > max_len { "; raise the limit with --max-size" } else { "" };
            Failure::coded(error.code(), format!("the certificates of the token: {error}{hint}"))
        })
    }
}

/// What a name stands for is told by how it is written.
fn certificate_name(name: &str) -> CertificateName {
    match name.parse::<IpAddr>() {
        Ok(address) => CertificateName::ip(address),
        Err(_) if name == "*" => CertificateName::any(),
        Err(_) if name.contains(':') => CertificateName::uri(name),
        Err(_) => CertificateName::dns(name),
    }
}

fn chain(path: &Path) -> Result<CertificateChain, Failure> {
    CertificateChain::from_pem(&pem(path)?)
        .map_err(|error| Failure::coded(error.code(), format!("{}: {error}", path.display())))
}

fn pem(path: &Path) -> Result<String, Failure> {
    let bytes = input::file_or_stdin(path)?;
    let text = std::str::from_utf8(&bytes);
    text.map(str::to_owned)
        .map_err(|_| Failure::coded(KeyError::Pem.code(), format!("{}: {}", path.display(), KeyError::Pem)))
}

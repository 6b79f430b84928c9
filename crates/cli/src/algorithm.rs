//! Names of algorithms on the command line. What exists but is refused by design gets its reason, and status 1; what nobody
//! knows is wrong usage.

use jeton_jose::Algorithm;
use jeton_jose::jwe::{ContentEncryption, KeyManagement};

use crate::failure::Failure;

/// A name given with `--alg`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named<A> {
    /// One that Jeton has.
    Known(A),
    /// One that Jeton refuses, and why.
    Refused(&'static str, &'static str),
}

/// A signature algorithm, and by which of its names it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Signature {
    /// Which.
    pub(crate) algorithm: Algorithm,
    /// `EdDSA`, the name of Ed25519 from before RFC 9864.
    pub(crate) as_eddsa: bool,
}

impl<A: Copy> Named<A> {
    /// The algorithm.
    ///
    /// Fails with status 1 where the name is refused by design.
    pub(crate) fn known(self) -> Result<A, Failure> {
        match self {
            Self::Known(algorithm) => Ok(algorithm),
            Self::Refused(name, reason) => {
                Err(Failure::coded("algorithm_not_allowed", format!("{name} is refused: {reason}")))
            }
        }
    }
}

/// The algorithms of a flag that may be given several times.
pub(crate) fn all_known<A: Copy>(named: &[Named<A>]) -> Result<Vec<A>, Failure> {
    named.iter().map(|named| named.known()).collect()
}

/// Reads the name of a signature algorithm.
pub(crate) fn signature(name: &str) -> Result<Named<Signature>, String> {
    if let Ok(algorithm) = name.parse() {
        return Ok(Named::Known(Signature { algorithm, as_eddsa: name == "EdDSA" }));
    }
    if let Some((name, reason)) = refused_by_design(name) {
        return Ok(Named::Refused(name, reason));
    }
    Err(match name.parse::<KeyManagement>() {
        Ok(_) => "encrypts; `jeton jwe` takes it".to_owned(),
        Err(_) => format!("is not one of {}", list(Algorithm::ALL.iter().map(|alg| alg.as_str()))),
    })
}

/// Reads the name of a way to bring the content encryption key to its recipient.
pub(crate) fn key_management(name: &str) -> Result<Named<KeyManagement>, String> {
    if let Ok(algorithm) = name.parse() {
        return Ok(Named::Known(algorithm));
    }
    if let Some((name, reason)) = refused_by_design(name) {
        return Ok(Named::Refused(name, reason));
    }
    Err(match name.parse::<Algorithm>() {
        Ok(_) => "signs; `jeton jws` takes it".to_owned(),
        Err(_) => format!("is not one of {}", list(KeyManagement::ALL.iter().map(|alg| alg.as_str()))),
    })
}

/// Reads the name of a content encryption.
pub(crate) fn content_encryption(name: &str) -> Result<ContentEncryption, String> {
    name.parse()
        .map_err(|_| format!("is not one of {}", list(ContentEncryption::ALL.iter().map(|enc| enc.as_str()))))
}

/// Why an algorithm that others have is not there.
pub(crate) fn refused_by_design(name: &str) -> Option<(&'static str, &'static str)> {
    REFUSED.iter().copied().find(|(refused, _)| *refused == name)
}

const REFUSED: [(&str, &str); 4] = [
    ("none", "it means that nothing is signed"),
    (
        "RSA1_5",
        "its padding lets an attacker who can make enough attempts recover the plaintext (RFC 8725 §3.2); RSA-OAEP-256 uses the same keys",
    ),
    ("Ed448", "AWS-LC does not have it; Ed25519 is there"),
    ("X448", "AWS-LC does not have it; X25519 is there"),
];

fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

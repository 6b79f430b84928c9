//! KEY arguments: a file, or `-` for standard input, that holds a JWK, a JWK set, PEM or DER. Of a certificate only the
//! key is taken: whoever names the file trusts it.

use std::path::Path;

use jeton_jose::jwk::SkippedKey;
use jeton_jose::{Jwk, JwkSet, KeyError};

use crate::failure::Failure;
use crate::input;

/// What a key file holds.
pub(crate) enum KeyFile {
    /// One key.
    One(Box<Jwk>),
    /// A JWK set.
    Set(JwkSet),
}

impl KeyFile {
    /// Reads a key file; what it holds is told by its first bytes, not by its name. A broken key of a set refuses the file.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        Self::read_with(path, JwkSet::parse_own)
    }

    /// Reads a file with the keys that somebody publishes: a broken key of a set is left out.
    pub(crate) fn read_published(path: &Path) -> Result<Self, Failure> {
        Self::read_with(path, JwkSet::parse)
    }

    fn read_with(path: &Path, set: impl Fn(&[u8]) -> Result<JwkSet, KeyError>) -> Result<Self, Failure> {
        let bytes = input::file_or_stdin(path)?;
        let refused = |error: KeyError| Failure::coded(error.code(), format!("{}: {error}", name_of(path)));
        let file = Self::parse(&bytes, set).map_err(|error| match error {
            KeyError::Der if !looks_like_key(&bytes) => Failure::coded(
                error.code(),
                format!("{}: neither JSON (a JWK or a JWK set) nor PEM nor DER", name_of(path)),
            ),
            error => refused(error),
        })?;
        // A key that is only shown or converted is judged like one that is used.
        if let Self::One(key) = &file {
            key.check().map_err(refused)?;
        }
        Ok(file)
    }

    fn parse(bytes: &[u8], set: impl Fn(&[u8]) -> Result<JwkSet, KeyError>) -> Result<Self, KeyError> {
        let text = text_of(bytes);
        if text.first() == Some(&b'{') {
            // A key has no member `keys`, so a set is told by it; which of the two readers fails does not matter then.
            return match set(text) {
                Err(KeyError::MemberMissing { name: "keys" }) => {
                    Jwk::parse(text).map(|key| Self::One(Box::new(key)))
                }
                set => set.map(Self::Set),
            };
        }
        let pem = std::str::from_utf8(text).ok().filter(|text| text.contains("-----BEGIN "));
        match pem {
            Some(pem) => JwkSet::from_pem(pem).map(|set| match set.keys() {
                [only] => Self::One(Box::new(only.clone())),
                _ => Self::Set(set),
            }),
            None => Jwk::from_der(bytes).map(|key| Self::One(Box::new(key))),
        }
    }

    /// The keys, as few or as many as there are.
    pub(crate) fn keys(&self) -> &[Jwk] {
        match self {
            Self::One(key) => std::slice::from_ref(key),
            Self::Set(set) => set.keys(),
        }
    }

    /// The keys of a set that were left out.
    pub(crate) fn skipped(&self) -> &[SkippedKey] {
        match self {
            Self::One(_) => &[],
            Self::Set(set) => set.skipped(),
        }
    }
}

/// A text without a byte order mark and without white space around it.
pub(crate) fn text_of(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes).trim_ascii()
}

/// Whether this has PEM in it, or begins like DER: with the tag of a sequence.
fn looks_like_key(bytes: &[u8]) -> bool {
    const SEQUENCE: u8 = 0x30;
    const BEGIN: &[u8] = b"-----BEGIN ";
    bytes.first() == Some(&SEQUENCE) || bytes.windows(BEGIN.len()).any(|window| window == BEGIN)
}

/// How messages call a file.
pub(crate) fn name_of(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

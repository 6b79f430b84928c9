//! `--header JSON`: more members of a protected header.

use jeton_jose::{Algorithm, SigningKey};
use serde_json::value::RawValue;

use crate::failure::Failure;
use crate::members::Members;

/// What `--header` says, with the members that have a place of their own taken out.
#[derive(Default)]
pub(super) struct HeaderOption {
    /// `alg`, which can only repeat what the key says.
    pub(super) alg: Option<String>,
    /// `enc`, which can only repeat what is chosen.
    pub(super) enc: Option<String>,
    /// `kid`, in the place of the key's own.
    pub(super) kid: Option<String>,
    /// `typ`.
    pub(super) typ: Option<String>,
    /// `cty`.
    pub(super) cty: Option<String>,
    /// `crit`: which of the rest verifiers must understand.
    pub(super) crit: Vec<String>,
    /// The rest.
    pub(super) others: Vec<(String, Box<RawValue>)>,
}

impl HeaderOption {
    /// Reads a JSON object.
    pub(super) fn parse(json: Option<&str>) -> Result<Self, Failure> {
        let mut header = Self::default();
        let Some(json) = json else { return Ok(header) };
        let members = Members::parse(json).map_err(wrong)?;
        for (name, value) in members.iter() {
            if name == "crit" {
                header.crit = critical(value, &members)?;
                continue;
            }
            let place = match name {
                "alg" => &mut header.alg,
                "enc" => &mut header.enc,
                "kid" => &mut header.kid,
                "typ" => &mut header.typ,
                "cty" => &mut header.cty,
                _ => {
                    header.others.push((name.to_owned(), value.to_owned()));
                    continue;
                }
            };
            let text = serde_json::from_str::<String>(value.get());
            *place = Some(text.map_err(|_| wrong(format!("`{name}` must be a text")))?);
        }
        Ok(header)
    }

    /// Whether a signature names Ed25519 `EdDSA`, which `alg` here or `--alg` may ask for.
    pub(super) fn signs_as(&self, algorithm: Algorithm, as_eddsa: bool) -> Result<bool, Failure> {
        match self.alg.as_deref() {
            Some("EdDSA") if algorithm == Algorithm::Ed25519 => Ok(true),
            alg => Self::agree(alg, "alg", algorithm.as_str()).map(|()| as_eddsa),
        }
    }

    /// The key under the `kid` that is wanted, if one is.
    pub(super) fn named(&self, key: SigningKey) -> SigningKey {
        match (key, &self.kid) {
            (SigningKey::Private(key), Some(kid)) => key.with_kid(kid).into(),
            (SigningKey::Secret(key), Some(kid)) => key.with_kid(kid).into(),
            (key, _) => key,
        }
    }

    /// The members for the header of a signature, each with whether verifiers must understand it.
    pub(super) fn others_of_a_signature(&self) -> impl Iterator<Item = (&str, &RawValue, bool)> {
        self.others.iter().map(|(name, value)| (name.as_str(), &**value, self.crit.contains(name)))
    }

    /// Refuses an `alg` or `enc` other than the one that is used anyway.
    pub(super) fn agree(wanted: Option<&str>, name: &str, used: &str) -> Result<(), Failure> {
        match wanted {
            Some(wanted) if wanted != used => {
                Err(wrong(format!("`{name}` cannot be {wanted}: it is {used} by the key and the flags")))
            }
            _ => Ok(()),
        }
    }
}

/// The names in `crit`, each once and each that of a member beside it (RFC 7515 §4.1.11).
fn critical(value: &RawValue, members: &Members) -> Result<Vec<String>, Failure> {
    let names: Vec<String> = serde_json::from_str(value.get())
        .map_err(|_| wrong("`crit` must be a list of the names of other members"))?;
    let repeated = names.iter().enumerate().any(|(at, name)| names[..at].contains(name));
    if names.is_empty() || repeated {
        return Err(wrong("`crit` names at least one member, and each once"));
    }
    // Those have a place of their own, and need not be understood by anybody who does not.
    const REGISTERED: [&str; 6] = ["alg", "enc", "kid", "typ", "cty", "crit"];
    for name in &names {
        if REGISTERED.contains(&name.as_str()) {
            return Err(wrong(format!("`crit` names `{name}`, which is not an extension")));
        }
        if members.get(name).is_none() {
            return Err(wrong(format!("`crit` names {name:?}, which is missing")));
        }
    }
    Ok(names)
}

/// A header that cannot be made.
pub(super) fn wrong(reason: impl std::fmt::Display) -> Failure {
    Failure::usage(format!("--header: {reason}"))
}

//! The formats of Django's password hashers, so that users can be imported with their passwords.
//!
//! The formats are those of `django.contrib.auth.hashers` in Django 4.2 to 6.0. The work that a stored string may
//! require is limited, so that an imported table cannot stop the machine.

use std::fmt::Write;

use base64_turbo::STANDARD;
use md5::Md5;
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::argon2id::Phc;
use super::{Password, Verification};

/// The largest number of PBKDF2 iterations in a stored hash, about a second. Django 6.0 uses 1,200,000.
pub const MAX_PBKDF2_ITERATIONS: u32 = 4_000_000;
/// The highest bcrypt cost of a stored hash, about two seconds. Django uses 12.
pub const MAX_BCRYPT_COST: u32 = 15;
/// The lowest cost that bcrypt supports.
pub(super) const MIN_BCRYPT_COST: u32 = 4;
/// The largest memory for a stored scrypt hash, in bytes: 128 · r · (N + p). Django uses 16 MiB.
pub const MAX_SCRYPT_BYTES: u64 = 129 * 1024 * 1024;
/// The most work for a stored scrypt hash: N · r · p. Django uses 655,360, which takes about a fifth of a second.
pub const MAX_SCRYPT_WORK: u64 = 2 * 1024 * 1024;

/// The output length of Django's scrypt hashes, in bytes.
const SCRYPT_OUTPUT_BYTES: usize = 64;

/// A parsed password string of Django's.
pub(super) enum Encoded<'a> {
    /// `pbkdf2_sha256$iterations$salt$hash` and `pbkdf2_sha1$…`
    Pbkdf2 { digest: Pbkdf2Digest, iterations: u32, salt: &'a str, output: Vec<u8> },
    /// `argon2$` and a PHC string.
    Argon2(Phc),
    /// `bcrypt$` and a bcrypt string, over the password itself.
    Bcrypt(&'a str),
    /// `bcrypt_sha256$` and a bcrypt string, over the hex of the password's SHA-256.
    BcryptSha256(&'a str),
    /// `scrypt$N$salt$r$p$hash`
    Scrypt { params: scrypt::Params, salt: &'a str, output: Vec<u8> },
    /// `md5$salt$hex`
    Md5 { salt: &'a str, hex: &'a str },
}

/// The hash function of PBKDF2.
#[derive(Clone, Copy)]
pub(super) enum Pbkdf2Digest {
    Sha256,
    Sha1,
}

impl<'a> Encoded<'a> {
    /// Parses a string; `None` for an unknown format, or if it requires more work than the limits allow.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (algorithm, rest) = text.split_once('$')?;
        match algorithm {
            "pbkdf2_sha256" => Self::parse_pbkdf2(Pbkdf2Digest::Sha256, rest),
            "pbkdf2_sha1" => Self::parse_pbkdf2(Pbkdf2Digest::Sha1, rest),
            "argon2" => Phc::parse(&text["argon2".len()..]).map(Self::Argon2),
            "bcrypt" => bcrypt_string(rest).map(Self::Bcrypt),
            "bcrypt_sha256" => bcrypt_string(rest).map(Self::BcryptSha256),
            "scrypt" => Self::parse_scrypt(rest),
            "md5" => {
                let (salt, hex) = rest.split_once('$')?;
                let is_md5 = hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
                is_md5.then_some(Self::Md5 { salt, hex })
            }
            _ => None,
        }
    }

    fn parse_pbkdf2(digest: Pbkdf2Digest, rest: &'a str) -> Option<Self> {
        let [iterations, salt, output] = fields(rest)?;
        let iterations = iterations.parse().ok().filter(|n| (1..=MAX_PBKDF2_ITERATIONS).contains(n))?;
        let output = STANDARD.decode(output).ok()?;
        let wanted = match digest {
            Pbkdf2Digest::Sha256 => 32,
            Pbkdf2Digest::Sha1 => 20,
        };
        (output.len() == wanted).then_some(Self::Pbkdf2 { digest, iterations, salt, output })
    }

    fn parse_scrypt(rest: &'a str) -> Option<Self> {
        let [n, salt, r, p, output] = fields(rest)?;
        let (n, r, p): (u32, u32, u32) = (n.parse().ok()?, r.parse().ok()?, p.parse().ok()?);
        let memory = (u64::from(n) + u64::from(p)).checked_mul(u64::from(r))?.checked_mul(128)?;
        let work = u64::from(n).checked_mul(u64::from(r))?.checked_mul(u64::from(p))?;
        if n < 2 || !n.is_power_of_two() || memory > MAX_SCRYPT_BYTES || work > MAX_SCRYPT_WORK {
            return None;
        }
        let params = scrypt::Params::new(u8::try_from(n.ilog2()).ok()?, r, p).ok()?;
        let output = STANDARD.decode(output).ok()?;
        (output.len() == SCRYPT_OUTPUT_BYTES).then_some(Self::Scrypt { params, salt, output })
    }

    /// Whether the password matches, for formats other than Argon2.
    pub(super) fn matches(&self, password: &Password) -> bool {
        let password = password.expose().as_bytes();
        match self {
            Self::Pbkdf2 { digest, iterations, salt, output } => {
                let mut computed = vec![0; output.len()];
                match digest {
                    Pbkdf2Digest::Sha256 => {
                        pbkdf2_hmac::<Sha256>(password, salt.as_bytes(), *iterations, &mut computed);
                    }
                    Pbkdf2Digest::Sha1 => {
                        pbkdf2_hmac::<Sha1>(password, salt.as_bytes(), *iterations, &mut computed);
                    }
                }
                computed.ct_eq(output).into()
            }
            Self::Bcrypt(hash) => bcrypt::verify(password, hash).unwrap_or(false),
            Self::BcryptSha256(hash) => {
                bcrypt::verify(lower_hex(&Sha256::digest(password)), hash).unwrap_or(false)
            }
            Self::Scrypt { params, salt, output } => {
                let mut computed = [0; SCRYPT_OUTPUT_BYTES];
                scrypt::scrypt(password, salt.as_bytes(), params, &mut computed).is_ok()
                    && bool::from(computed.ct_eq(output))
            }
            Self::Md5 { salt, hex } => {
                let digest = Md5::new_with_prefix(salt.as_bytes()).chain_update(password).finalize();
                lower_hex(&digest).as_bytes().ct_eq(hex.to_ascii_lowercase().as_bytes()).into()
            }
            Self::Argon2(_) => false,
        }
    }

    /// How much memory verifying takes besides what is reserved for Argon2, in bytes.
    pub(super) fn memory(&self) -> usize {
        match self {
            Self::Scrypt { params, .. } => {
                let (n, r, p) = (1_usize << params.log_n(), params.r() as usize, params.p() as usize);
                n.saturating_add(p).saturating_mul(r).saturating_mul(128)
            }
            _ => 0,
        }
    }

    /// The result of verifying with this format.
    pub(super) fn verification(&self, password: &Password) -> Verification {
        if self.matches(password) {
            Verification::Matches { needs_rehash: true }
        } else {
            Verification::Differs
        }
    }
}

/// Exactly `N` fields between dollar signs.
fn fields<const N: usize>(text: &str) -> Option<[&str; N]> {
    let mut parts = text.split('$');
    let mut fields = [""; N];
    for field in &mut fields {
        *field = parts.next()?;
    }
    parts.next().is_none().then_some(fields)
}

/// The bcrypt string, if it is one and its cost is within the limits. `$2x$` marks hashes by an implementation that
/// handled characters outside ASCII incorrectly.
fn bcrypt_string(text: &str) -> Option<&str> {
    let cost = text.parse::<bcrypt::HashParts>().ok()?.get_cost();
    ((MIN_BCRYPT_COST..=MAX_BCRYPT_COST).contains(&cost) && !text.starts_with("$2x$")).then_some(text)
}

fn lower_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing into a String cannot fail");
        hex
    })
}

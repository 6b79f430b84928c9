//! Passwords and their hashes.

pub mod argon2id;
pub mod django;
mod hashing;
mod padding;
mod policy;
mod problem;
mod rule;

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

pub use argon2id::{Argon2Params, OutOfMemory, Scratch};
pub use hashing::{Hashing, HashingBusy, InlineHashing};
pub use padding::{HashKinds, PadWhen, Padding};
pub use policy::{MIN_LENGTH_WITH_SECOND_FACTOR, WeakPassword, Weakness, judge, least_length};
pub use problem::HashProblem;
pub use rule::PasswordError;

/// The longest password, in bytes.
pub const MAX_PASSWORD_BYTES: usize = 4096;

/// A password as it was typed. It is wiped from memory when it is dropped, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Accepts any password unchecked. Use [`Password::parse`] for what users type or send.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The password, for hashing.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Other passwords that the user may have meant: without surrounding white space, which other systems trim before
    /// hashing; and with characters composed or decomposed, which depends on the keyboard and not on the user (RFC
    /// 8265 §4.2). Most passwords have no such variants, and a few have one. All are derived only from what was typed,
    /// so they reveal nothing about an account.
    pub fn other_spellings(&self) -> Vec<Self> {
        let typed = self.expose();
        let trimmed = typed.trim();
        let composed: Zeroizing<String> = Zeroizing::new(trimmed.nfc().collect());
        let decomposed: Zeroizing<String> = Zeroizing::new(trimmed.nfd().collect());
        let mut seen = vec![typed];
        for spelling in [trimmed, &composed, &decomposed] {
            if !seen.contains(&spelling) {
                seen.push(spelling);
            }
        }
        seen.into_iter().skip(1).map(Self::new).collect()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A stored password hash: a PHC string, or one of Django's formats. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Box<str>);

impl PasswordHash {
    /// Accepts any stored hash unchecked. [`PasswordHash::is_supported`] says whether it can be verified.
    pub fn from_stored(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// A hash that matches no password and costs as much to verify as one with these parameters, so that a sign-in
    /// with an unknown username takes as long as any other.
    pub fn of_nobody(params: &Argon2Params) -> Self {
        argon2id::of_nobody(params)
    }

    /// The text to store.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the hash can be verified: it has a known format and is within the limits.
    pub fn is_supported(&self) -> bool {
        argon2id::Phc::parse(&self.0).is_some() || django::Encoded::parse(&self.0).is_some()
    }

    /// The kind of the hash, as far as it determines the cost of verifying: its beginning, up to the salt.
    ///
    /// Hashes of one kind are adjacent when hashes are sorted. Some scrypt parameters follow the salt; Django uses the
    /// same ones for the same memory.
    pub fn kind(&self) -> &str {
        let text = self.expose();
        if self.is_unusable() {
            return "!";
        }
        let end_of_field =
            |from: usize| text.get(from..).and_then(|rest| rest.find('$')).map(|at| from + at + 1);
        let first = end_of_field(0);
        let end = match &text[..first.unwrap_or(0)] {
            "pbkdf2_sha256$" | "pbkdf2_sha1$" | "scrypt$" => first.and_then(end_of_field),
            "bcrypt$" | "bcrypt_sha256$" => first.map(|first| first + "$2b$12$".len()),
            "$" | "argon2$" => text.find("$m=").and_then(|at| end_of_field(at + 1)),
            _ => first,
        };
        end.and_then(|end| text.get(..end)).unwrap_or(text)
    }

    /// Whether the hash never matches, as Django marks users without a password (`!…`).
    pub fn is_unusable(&self) -> bool {
        self.0.starts_with('!')
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Whether a password matches a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// The password matches.
    Matches {
        /// The hash should be replaced by one with today's parameters.
        needs_rehash: bool,
    },
    /// The password does not match.
    Differs,
    /// The hash has an unknown format, requires too much work, or never matches. The same work was done as for a real
    /// one.
    Unusable,
}

/// Hashes a password with argon2id. The salt is random and used once.
pub fn hash(
    password: &Password,
    salt: [u8; 16],
    params: &Argon2Params,
    scratch: &mut Scratch,
) -> PasswordHash {
    argon2id::hash(password, salt, params, scratch)
}

/// Verifies a password against a stored hash, in constant time.
pub fn verify(
    hash: &PasswordHash,
    password: &Password,
    current: &Argon2Params,
    scratch: &mut Scratch,
) -> Verification {
    if let Some(phc) = argon2id::Phc::parse(&hash.0) {
        return phc.verify(password, current, scratch);
    }
    match django::Encoded::parse(&hash.0) {
        Some(django::Encoded::Argon2(phc)) => match phc.verify(password, current, scratch) {
            Verification::Matches { .. } => Verification::Matches { needs_rehash: true },
            other => other,
        },
        Some(encoded) => encoded.verification(password),
        None => {
            // A user without a usable password must not be told from others by the time that it takes.
            let _ = verify(&PasswordHash::of_nobody(current), password, current, scratch);
            Verification::Unusable
        }
    }
}

/// Verifies a password against a stored hash, and does as much work as a failure costs for any other user.
pub fn verify_padded(
    hash: &PasswordHash,
    password: &Password,
    current: &Argon2Params,
    padding: &Padding,
    scratch: &mut Scratch,
) -> Verification {
    let verification = verify(hash, password, current, scratch);
    let is_match = matches!(verification, Verification::Matches { .. });
    if padding.when == PadWhen::Always || !is_match {
        padding.kinds.make_up_for(hash, current, scratch);
    }
    verification
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_a_hash_is_what_it_costs() {
        for (stored, kind) in [
            ("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$b3V0", "$argon2id$v=19$m=19456,t=2,p=1$"),
            ("$argon2id$m=8,t=1,p=1$c2FsdHNhbHQ$b3V0", "$argon2id$m=8,t=1,p=1$"),
            ("argon2$argon2id$v=19$m=102400,t=2,p=8$c2Fs$b3V0", "argon2$argon2id$v=19$m=102400,t=2,p=8$"),
            ("pbkdf2_sha256$870000$salt$b3V0", "pbkdf2_sha256$870000$"),
            ("pbkdf2_sha1$100$salt$b3V0", "pbkdf2_sha1$100$"),
            ("bcrypt$$2b$12$saltsaltsaltsaltsaltsO", "bcrypt$$2b$12$"),
            ("bcrypt_sha256$$2b$04$salt", "bcrypt_sha256$$2b$04$"),
            ("scrypt$16384$salt$8$5$b3V0", "scrypt$16384$"),
            ("md5$salt$b3V0", "md5$"),
            ("!random", "!"),
            ("!", "!"),
            ("", ""),
            ("$", "$"),
            ("plain", "plain"),
            ("bcrypt$", "bcrypt$"),
            ("bcrypt$\u{e9}\u{e9}\u{e9}\u{e9}", "bcrypt$\u{e9}\u{e9}\u{e9}\u{e9}"),
            ("argon2$nonsense", "argon2$nonsense"),
        ] {
            assert_eq!(PasswordHash::from_stored(stored).kind(), kind);
        }
    }
}

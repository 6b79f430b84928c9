//! Why nobody can sign in with a stored hash.

use super::PasswordHash;
use super::argon2id::{MAX_LANES, MAX_MEMORY_KIB, MAX_WORK_KIB};
use super::django::{MAX_BCRYPT_COST, MAX_PBKDF2_ITERATIONS, MAX_SCRYPT_BYTES, MAX_SCRYPT_WORK};

/// Why nobody can sign in with a stored hash. The hash is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HashProblem {
    /// The hash is empty.
    #[error("the password hash is empty")]
    Empty,
    /// The hash is marked as one that never matches (`!…`).
    #[error("the account has no usable password (!)")]
    Unusable,
    /// The hash is longer than [`PasswordHash::MAX_BYTES`], or has more than one line.
    #[error("the password hash must be one line of at most {} bytes", PasswordHash::MAX_BYTES)]
    NotOneLine,
    /// The hash has more PBKDF2 rounds than allowed.
    #[error("the password hash has {found} rounds of PBKDF2, at most {MAX_PBKDF2_ITERATIONS} are allowed")]
    TooManyRounds {
        /// The rounds of the hash.
        found: u64,
    },
    /// The hash has a higher bcrypt cost than allowed.
    #[error("the password hash has the bcrypt cost {found}, at most {MAX_BCRYPT_COST} is allowed")]
    TooHighCost {
        /// The cost of the hash.
        found: u32,
    },
    /// The hash has higher Argon2 parameters than allowed.
    #[error(
        "the password hash requires Argon2 with more than {MAX_MEMORY_KIB} KiB, {MAX_LANES} lanes or {MAX_WORK_KIB} KiB times passes"
    )]
    TooMuchArgon2,
    /// The hash has higher scrypt parameters than allowed.
    #[error(
        "the password hash requires scrypt with more than {MAX_SCRYPT_BYTES} bytes or N·r·p = {MAX_SCRYPT_WORK}"
    )]
    TooMuchScrypt,
    /// The hash has an unknown format.
    #[error("the password hash has an unknown format")]
    Unknown,
}

impl PasswordHash {
    /// The longest supported hash, in bytes: several times what any format needs.
    pub const MAX_BYTES: usize = 1_024;

    /// A hash that never matches, as Django marks accounts without a password.
    pub fn unusable() -> Self {
        Self::from_stored("!")
    }

    /// Why nobody can sign in with this hash; `None` if it can be used.
    pub fn problem(&self) -> Option<HashProblem> {
        let text = self.expose();
        if text.is_empty() {
            Some(HashProblem::Empty)
        } else if text.len() > Self::MAX_BYTES || text.contains(char::is_control) {
            Some(HashProblem::NotOneLine)
        } else if self.is_unusable() {
            Some(HashProblem::Unusable)
        } else if self.is_supported() {
            None
        } else {
            Some(too_much(text).unwrap_or(HashProblem::Unknown))
        }
    }
}

/// Which parameter of an unsupported hash is too high, if that is the problem.
fn too_much(text: &str) -> Option<HashProblem> {
    let (algorithm, rest) = text.split_once('$')?;
    let parameter = |name: &str| {
        let at = rest.find(name)?;
        let digits = rest.get(at + name.len()..)?;
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        digits.get(..end)?.parse::<u64>().ok()
    };
    match algorithm {
        "pbkdf2_sha256" | "pbkdf2_sha1" => {
            let found = rest.split('$').next()?.parse().ok()?;
            (found > u64::from(MAX_PBKDF2_ITERATIONS)).then_some(HashProblem::TooManyRounds { found })
        }
        "bcrypt" | "bcrypt_sha256" => {
            let found = rest.parse::<bcrypt::HashParts>().ok()?.get_cost();
            (found > MAX_BCRYPT_COST).then_some(HashProblem::TooHighCost { found })
        }
        "" | "argon2" if rest.contains("argon2") || algorithm == "argon2" => {
            let (memory, passes, lanes) = (parameter("m=")?, parameter("t=")?, parameter("p=")?);
            let is_too_much = memory > u64::from(MAX_MEMORY_KIB)
                || lanes > u64::from(MAX_LANES)
                || memory.saturating_mul(passes) > MAX_WORK_KIB;
            is_too_much.then_some(HashProblem::TooMuchArgon2)
        }
        "scrypt" => {
            let mut fields = rest.split('$');
            let n: u64 = fields.next()?.parse().ok()?;
            let r: u64 = fields.nth(1)?.parse().ok()?;
            let p: u64 = fields.next()?.parse().ok()?;
            let memory = n.saturating_add(p).saturating_mul(r).saturating_mul(128);
            let work = n.saturating_mul(r).saturating_mul(p);
            (memory > MAX_SCRYPT_BYTES || work > MAX_SCRYPT_WORK).then_some(HashProblem::TooMuchScrypt)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_that_cannot_be_verified_says_why_and_repeats_nothing_of_itself() {
        let many = "x".repeat(2_000);
        let encoded = "K0uU5RVFjBCe301huu3Sx9XVg+WvO/rf952a61AyK14=";
        for (stored, said) in [
            (String::new(), "is empty"),
            ("!kq3".to_owned(), "no usable password"),
            (format!("!{many}"), "one line of at most 1024 bytes"),
            (format!("pbkdf2_sha256$1$salt${encoded}\n"), "one line of at most 1024 bytes"),
            (
                format!("pbkdf2_sha256$4000001$salt${encoded}"),
                "has 4000001 rounds of PBKDF2, at most 4000000",
            ),
            (format!("pbkdf2_sha1$99999999999$salt${encoded}"), "has 99999999999 rounds"),
            (
                "bcrypt$$2b$16$de1.IeTw5i2YTCXDhFq04OCDbOWEkfZ5qI2R5Yhp6d.iQWg5wrXce".to_owned(),
                "the bcrypt cost 16",
            ),
            (
                "argon2$argon2id$v=19$m=1024000,t=2,p=8$ZXFTU3doQWd1aHJIVzhYYU9PSzhkSA$CCAtE99v9nM7EskAMFj"
                    .to_owned(),
                "requires Argon2 with more",
            ),
            ("scrypt$1048576$abcdefghijklmnop$8$5$XXI/V0fd".to_owned(), "requires scrypt with more"),
            ("correct horse".to_owned(), "unknown format"),
            ("pbkdf2_sha256$1000$salt$short".to_owned(), "unknown format"),
            ("md5$salt$nothex".to_owned(), "unknown format"),
        ] {
            let problem =
                PasswordHash::from_stored(stored.as_str()).problem().expect("a problem").to_string();
            assert!(problem.contains(said), "{stored}: {problem}");
            assert!(!problem.contains("salt") && !problem.contains("horse"), "{problem}");
        }
        assert_eq!(
            PasswordHash::from_stored(format!("pbkdf2_sha256$4000000$salt${encoded}")).problem(),
            None
        );
    }
}

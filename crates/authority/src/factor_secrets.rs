//! The secrets of second factors: those of authenticator apps, which the store has encrypted, and recovery codes, of which it
//! has keyed hashes.

use std::fmt;

use jeton_jose::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use totp_rs::{Builder, Secret, Totp};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::UserId;
use crate::authenticators::{RECOVERY_CODES, RecoveryCode, RecoveryCodeHash, is_separator};
use crate::keyring::Keys;
use crate::keys::{MasterKey, SealedKey};
use crate::random::Random;

/// The length of a secret in bytes: that of the hash (RFC 4226 §4).
const SECRET_BYTES: usize = 20;
/// The number of digits of a code.
const DIGITS: u8 = 6;
/// How many seconds a code lasts.
const STEP: u64 = 30;
/// How many steps a code may be early or late, because clocks differ (RFC 6238 §5.2).
const SKEW: u16 = 1;

/// The secret that an authenticator app shares with the authority (RFC 6238). Apps know one algorithm only: SHA-1, six digits,
/// thirty seconds.
pub struct TotpSecret(Zeroizing<[u8; SECRET_BYTES]>);

impl TotpSecret {
    /// Draws a secret.
    pub fn draw(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        random.fill(&mut *bytes);
        Self(bytes)
    }

    /// The secret, encrypted with the master key for one user.
    pub fn seal(&self, master: &MasterKey, user: UserId) -> SealedKey {
        master.seal_named(&name(user), &*self.0)
    }

    /// Decrypts [`Self::seal`]; `None` with another master key, or for another user.
    pub fn open(master: &MasterKey, user: UserId, sealed: &SealedKey) -> Option<Self> {
        let bytes = master.open_named(&name(user), sealed)?;
        let bytes: [u8; SECRET_BYTES] = bytes.as_slice().try_into().ok()?;
        Some(Self(Zeroizing::new(bytes)))
    }

    /// The time step whose code this is, if it is a code of about now.
    pub(crate) fn step_of(&self, code: &AppCode, now: Timestamp) -> Option<u64> {
        self.totp().check(&code.0, u64::try_from(now.unix()).ok()?)
    }

    fn totp(&self) -> Totp {
        let builder = Builder::new().with_digits(DIGITS).with_step_duration(STEP).with_skew(SKEW);
        builder.with_secret(*self.0).build().expect("the secret and the parameters are within RFC 4226")
    }

    /// The secret as text, for people who type it into an app.
    pub fn to_base32(&self) -> String {
        Secret::from(*self.0).to_base32()
    }

    /// The secret for an app, as a QR code or a link has it: `issuer` and `account` are what the app shows.
    pub fn to_uri(&self, issuer: &str, account: &str) -> String {
        // A colon separates the two, and apps differ in what they make of another one.
        let shown = |text: &str| {
            let text: String = text.split(':').map(str::trim).collect::<Vec<_>>().join(" ");
            utf8_percent_encode(&text, IN_A_URI).to_string()
        };
        let (issuer, account) = (shown(issuer), shown(account));
        let secret = self.to_base32();
        format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}")
    }

    /// The code that an app shows at a time.
    pub fn code_at(&self, now: Timestamp) -> String {
        self.totp().generate(now.unix().unsigned_abs()).to_string()
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

/// What stands for itself in a URI (RFC 3986 §2.3).
const IN_A_URI: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a secret is encrypted for: it cannot be moved to another user.
fn name(user: UserId) -> String {
    format!("totp {user}")
}

/// A code of an authenticator app: six digits.
pub(crate) struct AppCode(Box<str>);

/// A typed code, of either kind. They differ in length.
pub(crate) enum TypedCode {
    App(AppCode),
    Recovery(RecoveryCode),
}

impl TypedCode {
    /// Parses what somebody typed; `None` if it cannot be a code.
    pub(crate) fn parse(typed: &str) -> Option<Self> {
        if typed.len() > LONGEST_TYPED {
            return None;
        }
        let digits: Box<str> = typed.nfkc().filter(|letter| !is_separator(*letter)).collect();
        if digits.len() == usize::from(DIGITS) && digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Some(Self::App(AppCode(digits)));
        }
        RecoveryCode::parse(typed).map(Self::Recovery)
    }
}

/// The longest text that is looked at, in bytes: a code with spaces and dashes is much shorter.
const LONGEST_TYPED: usize = 256;

/// The codes of a set: they are always the same, so that the page with them can be loaded again for a while.
pub(crate) fn recovery_codes(keys: &Keys, user: UserId, set: [u8; 16]) -> Vec<RecoveryCode> {
    let code = |place: usize| {
        let seal = keys.seal("recovery code", &[user.as_bytes(), &set, &place.to_be_bytes()]);
        let (first, _) = seal.split_first_chunk().expect("a seal has more than eight bytes");
        RecoveryCode::from_bits(u64::from_be_bytes(*first))
    };
    (0..RECOVERY_CODES).map(code).collect()
}

/// The hash of a code, for one user and set.
pub(crate) fn recovery_hash(
    keys: &Keys,
    user: UserId,
    set: [u8; 16],
    code: &RecoveryCode,
) -> RecoveryCodeHash {
    let parts: [&[u8]; 3] = [user.as_bytes(), &set, code.plain().as_bytes()];
    RecoveryCodeHash::from_bytes(keys.seal("recovery code hash", &parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> TotpSecret {
        TotpSecret(Zeroizing::new(*b"12345678901234567890"))
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds)
    }

    fn app(code: &str) -> AppCode {
        match TypedCode::parse(code) {
            Some(TypedCode::App(code)) => code,
            _ => panic!("{code} is a code"),
        }
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238 appendix B, of which six digits are shown.
        for (time, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(secret().code_at(at(time)), code);
            assert_eq!(secret().step_of(&app(code), at(time)), Some(time.unsigned_abs() / 30));
        }
        assert_eq!(secret().to_base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn the_uri_has_one_colon_and_no_plus_for_a_space() {
        let secret = secret().to_base32();
        assert_eq!(
            super::tests::secret().to_uri("A: B+C ü", "ada:x@example.org"),
            format!(
                "otpauth://totp/A%20B%2BC%20%C3%BC:ada%20x%40example.org?secret={secret}&issuer=A%20B%2BC%20%C3%BC"
            )
        );
        assert!(
            super::tests::secret().to_uri("localhost:8000", "ada").contains("totp/localhost%208000:ada?")
        );
    }

    #[test]
    fn a_code_may_be_one_step_early_or_late() {
        let code = app(&secret().code_at(at(3_000)));
        for (now, counts) in [(2_969, false), (2_970, true), (3_000, true), (3_059, true), (3_060, false)] {
            assert_eq!(secret().step_of(&code, at(now)), counts.then_some(100), "{now}");
        }
        assert_eq!(secret().step_of(&code, at(3_000 + 24 * 3600)), None, "a clock that is a day off");
        assert_eq!(secret().step_of(&code, at(-1)), None);
    }

    #[test]
    fn a_code_is_read_however_it_is_typed_and_anything_else_is_none() {
        for typed in ["012345", " 012 345 ", "012-345", "０１２３４５", "0 1 2 3 4 5"] {
            assert!(
                matches!(TypedCode::parse(typed), Some(TypedCode::App(AppCode(code))) if &*code == "012345"),
                "{typed}"
            );
        }
        assert!(matches!(TypedCode::parse("K3MF 7q2x 9w4t"), Some(TypedCode::Recovery(_))));
        for wrong in ["", "12345", "1234567", "12345a", "+12345", "٠١٢٣٤٥", "<script>", &"1".repeat(100_000)]
        {
            assert!(TypedCode::parse(wrong).is_none(), "{wrong:.20}");
        }
    }
}

//! Every format of a stored password.

use std::iter::repeat_n;

use jeton_authority::password::{Argon2Params, Password, PasswordHash, Scratch, Verification, hash, verify};
use proptest::prelude::*;

/// The password `correct horse` in each of Django's formats, checked with Django's own `check_password`.
const DJANGO: [&str; 7] = [
    "pbkdf2_sha256$1000000$abcdefghijklmnop$K0uU5RVFjBCe301huu3Sx9XVg+WvO/rf952a61AyK14=",
    "argon2$argon2id$v=19$m=102400,t=2,p=8$ZXFTU3doQWd1aHJIVzhYYU9PSzhkSA$CCAtE99v9nM7EskAMFj+TMRIYVdMrlA34V1zd4IJ/EY",
    "bcrypt_sha256$$2b$12$de1.IeTw5i2YTCXDhFq04OCDbOWEkfZ5qI2R5Yhp6d.iQWg5wrXce",
    "scrypt$16384$abcdefghijklmnop$8$5$XXI/V0fdMLvh5ymUS1ZBke+LCu0joas0qnSVhbYPTYJABMxCxkjGjI1EBY04lI8Mpp7iKhDexawtCseNBam4Cw==",
    // Made with Python's hashlib and crypt.
    "pbkdf2_sha1$1000$salt$um5PLH8ivEcrRJVasTZXh8+vxX0=",
    "md5$salt$de8498eb12b0309737310c8971cfc7a2",
    "bcrypt$$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
];

/// A password outside ASCII, encoded by Django 5.2 itself; by argon2-cffi and bcrypt with parameters of their own.
const OUTSIDE_ASCII: (&str, [&str; 12]) = (
    "Grüße, Welt 🐎",
    [
        "pbkdf2_sha256$1000$0a1B2c3D4e5F6g7H8i9J0k$YNkurihkVmRGC98JMMDmwv8f1d+WhaeJgTKV9UR4n7w=",
        "pbkdf2_sha1$1000$0a1B2c3D4e5F6g7H8i9J0k$ZMcBnIpfEAyJSH1hrZYbcuDyXQE=",
        "scrypt$1024$0a1B2c3D4e5F6g7H8i9J0k$8$1$ID0p/lLgu97M/p8ueP2thzAFf25w1NHU72BxY6mrRGdLmEAO/SVRdfRaLFup6HeLucytd9os6/f/fOOqzcNM/g==",
        "scrypt$16384$0a1B2c3D4e5F6g7H8i9J0k$8$5$Mp15ScXG35gjxJqZAS+Tie1fZGAx21EeLGWD8wGxWO6L4rYgLnozuJz1MbBdMa/RH8SNBU2W06HR/AU92b40bg==",
        "md5$0a1B2c3D$47ff890fb00ab1ae42125a58c3d0b811",
        "argon2$argon2id$v=19$m=512,t=2,p=2$MGExQjJjM0Q0ZTVGNmc3SA$p2+jP3PwEClC+qC9CsnYpefwospUPkjpqjhPJJprbEY",
        "argon2$argon2id$v=16$m=512,t=2,p=2$MGExQjJjM0Q0ZTVGNmc3SA$ljym8HHaSs/8ngzgwEJnlQ",
        "argon2$argon2i$v=19$m=512,t=2,p=2$MGExQjJjM0Q0ZTVGNmc3SA$5dJKGr7mbijAWSQTqMSo6JoAiWyLVdocHtMXgqgu7Xo",
        "argon2$argon2i$v=16$m=512,t=2,p=2$MGExQjJjM0Q0ZTVGNmc3SA$Z/wOl9PnPTi+dpVz72K2hg",
        "bcrypt$$2b$04$YEedFuA/jpkMPNGs5fqjsO654jawX/GuTtyscO2Nke3gNMDvlDafy",
        "bcrypt$$2a$04$YEedFuA/jpkMPNGs5fqjsO654jawX/GuTtyscO2Nke3gNMDvlDafy",
        "bcrypt_sha256$$2b$04$YEedFuA/jpkMPNGs5fqjsOTu5HBfJaQe28/OR7rlCL0FElLnaj45m",
    ],
);

fn check(stored: &str, password: &str) -> Verification {
    let stored = PasswordHash::from_stored(stored);
    verify(&stored, &Password::new(password), &Argon2Params::default(), &mut Scratch::default())
}

#[test]
fn every_format_of_django_verifies_and_asks_to_be_replaced() {
    for stored in DJANGO {
        assert_eq!(check(stored, "correct horse"), Verification::Matches { needs_rehash: true }, "{stored}");
        assert_eq!(check(stored, "correct horsf"), Verification::Differs, "{stored}");
        assert!(PasswordHash::from_stored(stored).is_supported(), "{stored}");
    }
}

#[test]
fn passwords_are_hashed_as_utf_8_in_every_format() {
    let (password, encoded) = OUTSIDE_ASCII;
    for stored in encoded {
        assert_eq!(check(stored, password), Verification::Matches { needs_rehash: true }, "{stored}");
        assert_eq!(check(stored, "Grusse, Welt"), Verification::Differs, "{stored}");
    }
}

#[test]
fn an_empty_password_and_one_of_the_greatest_length_verify() {
    let empty = "pbkdf2_sha256$1000$0a1B2c3D4e5F6g7H8i9J0k$kfSZXhOuhkvkrCxchQLyztgQBYPsSzW2wus0TR8EWsk=";
    assert_eq!(check(empty, ""), Verification::Matches { needs_rehash: true });
    let long: String = repeat_n('y', 3000).collect();
    let stored = "bcrypt_sha256$$2b$04$YEedFuA/jpkMPNGs5fqjsOymZjSsnY/4eF/ukWFbo5G3CD.Swnww6";
    assert_eq!(check(stored, &long), Verification::Matches { needs_rehash: true });
    assert_eq!(check(stored, &long[1..]), Verification::Differs);
}

/// Django's plain bcrypt reads 72 bytes of a password; its users expect that to go on.
#[test]
fn plain_bcrypt_reads_72_bytes() {
    let stored = "bcrypt$$2b$04$YEedFuA/jpkMPNGs5fqjsOnbEAycFbna4O2VcWuyCuFIgO0Ry/At2";
    let password = |length| repeat_n('x', length).collect::<String>();
    for length in [72, 73, 4096] {
        assert_eq!(check(stored, &password(length)), Verification::Matches { needs_rehash: true });
    }
    assert_eq!(check(stored, &password(71)), Verification::Differs);
}

#[test]
fn a_new_hash_is_argon2id_with_the_parameters_of_owasp_and_needs_no_replacement() {
    let mut scratch = Scratch::default();
    let stored = hash(&Password::new("correct horse"), [3; 16], &Argon2Params::default(), &mut scratch);
    assert!(stored.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", stored.expose());
    assert_eq!(check(stored.expose(), "correct horse"), Verification::Matches { needs_rehash: false });
}

#[test]
fn a_hash_with_other_parameters_asks_to_be_replaced() {
    let weaker = Argon2Params::new(1024, 1, 1).expect("within the bounds");
    let stored = hash(&Password::new("correct horse"), [3; 16], &weaker, &mut Scratch::default());
    assert_eq!(check(stored.expose(), "correct horse"), Verification::Matches { needs_rehash: true });
}

#[test]
fn one_scratch_serves_hashes_of_different_sizes() {
    let mut scratch = Scratch::default();
    let current = Argon2Params::default();
    for memory in [64, 4096, 128] {
        let params = Argon2Params::new(memory, 1, 1).expect("within the bounds");
        let stored = hash(&Password::new("a"), [3; 16], &params, &mut scratch);
        let verified = verify(&stored, &Password::new("a"), &current, &mut scratch);
        assert_eq!(verified, Verification::Matches { needs_rehash: true });
    }
}

#[test]
fn nobodys_hash_matches_no_password() {
    let nobody = PasswordHash::of_nobody(&Argon2Params::default());
    for password in ["", "correct horse", "nobody's account"] {
        assert_eq!(check(nobody.expose(), password), Verification::Differs);
    }
}

#[test]
fn unknown_and_unusable_and_unbounded_hashes_never_match() {
    for stored in [
        "",
        "!",
        "!Kq3rGzTn2hX8wYpLm5vBc7dFs9jA4eRtUoIi6Nk1",
        "plain text",
        "sha1$salt$abcdef",
        "pbkdf2_sha256$0$salt$K0uU5RVFjBCe301huu3Sx9XVg+WvO/rf952a61AyK14=",
        "pbkdf2_sha256$4000000000$salt$K0uU5RVFjBCe301huu3Sx9XVg+WvO/rf952a61AyK14=",
        "pbkdf2_sha256$1000$salt$short",
        "pbkdf2_sha256$1000$salt$K0uU5RVFjBCe301huu3Sx9XVg+WvO/rf952a61AyK14=$more",
        "$argon2id$v=19$m=4194304,t=2,p=1$ZXFTU3doQWd1aHJIVzhYYU9PSzhkSA$CCAtE99v9nM7EskAMFj+TMRIYVdMrlA34V1zd4IJ/EY",
        "$argon2id$v=19$m=64,t=4000000000,p=1$ZXFTU3doQWd1aHJIVzhYYU9PSzhkSA$CCAtE99v9nM7EskAMFj+TMRIYVdMrlA34V1zd4IJ/EY",
        // Each is within its own bound, both together are too much work.
        "$argon2id$v=19$m=262144,t=5,p=1$ZXFTU3doQWd1aHJIVzhYYU9PSzhkSA$CCAtE99v9nM7EskAMFj+TMRIYVdMrlA34V1zd4IJ/EY",
        // A salt of 4 bytes, an output of 4 bytes, no salt at all.
        "$argon2id$v=19$m=64,t=2,p=1$c2FsdA$CCAtE99v9nM7EskAMFj+TMRIYVdMrlA34V1zd4IJ/EY",
        "$argon2id$v=19$m=64,t=2,p=1$ZXFTU3doQWd1aHJIVzhYYU9PSzhkSA$CCAtEw",
        "$argon2id$v=19$m=64,t=2,p=1$CCAtE99v9nM7EskAMFj+TMRIYVdMrlA34V1zd4IJ/EY",
        "argon2$argon2id$v=19$m=64$salt$hash",
        "bcrypt$$2b$31$de1.IeTw5i2YTCXDhFq04OCDbOWEkfZ5qI2R5Yhp6d.iQWg5wrXce",
        "bcrypt$$2b$03$de1.IeTw5i2YTCXDhFq04OCDbOWEkfZ5qI2R5Yhp6d.iQWg5wrXce",
        "bcrypt$$2x$04$YEedFuA/jpkMPNGs5fqjsO654jawX/GuTtyscO2Nke3gNMDvlDafy",
        "bcrypt$not bcrypt",
        "scrypt$1073741824$salt$8$1$XXI/V0fdMLvh5ymUS1ZBke+LCu0joas0qnSVhbYPTYJABMxCxkjGjI1EBY04lI8Mpp7iKhDexawtCseNBam4Cw==",
        // Two gigabytes of blocks at the least of rounds, and hours of rounds at the least of memory.
        "scrypt$2$salt$524288$16$XXI/V0fdMLvh5ymUS1ZBke+LCu0joas0qnSVhbYPTYJABMxCxkjGjI1EBY04lI8Mpp7iKhDexawtCseNBam4Cw==",
        "scrypt$16384$salt$1$100000$XXI/V0fdMLvh5ymUS1ZBke+LCu0joas0qnSVhbYPTYJABMxCxkjGjI1EBY04lI8Mpp7iKhDexawtCseNBam4Cw==",
        "scrypt$1$salt$8$1$XXI/V0fdMLvh5ymUS1ZBke+LCu0joas0qnSVhbYPTYJABMxCxkjGjI1EBY04lI8Mpp7iKhDexawtCseNBam4Cw==",
        "scrypt$3$salt$8$1$XXI/V0fdMLvh5ymUS1ZBke+LCu0joas0qnSVhbYPTYJABMxCxkjGjI1EBY04lI8Mpp7iKhDexawtCseNBam4Cw==",
        "md5$salt$zz",
    ] {
        assert_eq!(check(stored, "correct horse"), Verification::Unusable, "{stored}");
        assert!(!PasswordHash::from_stored(stored).is_supported(), "{stored}");
    }
}

#[test]
fn neither_a_password_nor_its_hash_shows_in_debug() {
    let shown = format!("{:?} {:?}", Password::new("correct horse"), PasswordHash::from_stored(DJANGO[0]));
    assert!(!shown.contains("horse") && !shown.contains("K0uU"), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_hash_matches_its_own_password_and_no_other(
        password in ".{0,40}", other in ".{0,40}", salt in any::<[u8; 16]>(),
    ) {
        let params = Argon2Params::new(64, 1, 1).expect("within the bounds");
        let mut scratch = Scratch::default();
        let stored = hash(&Password::new(password.as_str()), salt, &params, &mut scratch);
        let mut matches = |typed: &str| {
            let verification = verify(&stored, &Password::new(typed), &params, &mut scratch);
            verification == Verification::Matches { needs_rehash: false }
        };
        prop_assert!(matches(&password));
        prop_assert_eq!(matches(&other), other == password);
    }

    #[test]
    fn whatever_an_imported_table_holds_is_refused_without_panic(
        scheme in prop_oneof![
            Just("$argon2id"), Just("argon2$argon2i"), Just("pbkdf2_sha256"), Just("pbkdf2_sha1"), Just("bcrypt$"),
            Just("bcrypt_sha256$$2b"), Just("scrypt"), Just("md5"), Just("!"), Just(""), Just("$"),
        ],
        rest in prop::collection::vec("[$=,/+.a-zA-Z0-9é]{0,12}", 0..8),
    ) {
        let stored = PasswordHash::from_stored(format!("{scheme}${}", rest.join("$")));
        prop_assert!(!stored.is_supported());
    }
}

//! Every format of a stored password.

use jeton_authority::password::{Argon2Params, Password, PasswordHash, Scratch, Verification, hash, verify};

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
        "argon2$argon2id$v=19$m=64$salt$hash",
        "bcrypt$$2b$31$de1.IeTw5i2YTCXDhFq04OCDbOWEkfZ5qI2R5Yhp6d.iQWg5wrXce",
        "bcrypt$not bcrypt",
        "scrypt$1073741824$salt$8$1$XXI/V0fdMLvh5ymUS1ZBke+LCu0joas0qnSVhbYPTYJABMxCxkjGjI1EBY04lI8Mpp7iKhDexawtCseNBam4Cw==",
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

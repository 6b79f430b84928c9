//! What is encrypted decrypts to the same bytes under the same names, whatever the algorithms, the header and the form; and not
//! once a letter of it was changed. A signed token within an encrypted one comes out verified.
#![no_main]

use std::sync::LazyLock;

use jeton_fuzz::{input, keys};
use jeton_jose::jwe::{ContentEncryption, Decrypter, DecryptionKey, Encrypter, KeyManagement, RecipientKey};
use jeton_jose::jwt::{Audience, Issuer, Signer, Verifier};
use jeton_jose::nested::{NestedSigner, NestedVerifier};
use jeton_jose::{Algorithm, Jwk, PrivateKey, Timestamp};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

/// All but RSA, which is left to the tests: a decryption takes a thousand times as long as everything else here.
static ALGORITHMS: LazyLock<Vec<KeyManagement>> = LazyLock::new(|| {
    KeyManagement::ALL.iter().copied().filter(|alg| !alg.as_str().starts_with("RSA")).collect()
});

static P256: LazyLock<Jwk> = LazyLock::new(|| made(Algorithm::ES256));
static P384: LazyLock<Jwk> = LazyLock::new(|| made(Algorithm::ES384));
static P521: LazyLock<Jwk> = LazyLock::new(|| made(Algorithm::ES512));
static AGREEMENT: LazyLock<Jwk> =
    LazyLock::new(|| Jwk::parse(keys::x25519_jwk().as_bytes()).expect("it is one"));

fuzz_target!(|data: &[u8]| {
    let [first, second, third, rest @ ..] = data else { return };
    let alg = ALGORITHMS[usize::from(*first) % ALGORITHMS.len()];
    let enc = ContentEncryption::ALL[usize::from(*second) % ContentEncryption::ALL.len()];
    let Some([kid, cty, aad, text]) = input::parts(rest) else { return };
    let (Ok(kid), Ok(cty)) = (std::str::from_utf8(kid), std::str::from_utf8(cty)) else { return };
    if kid.len() > 256 || cty.len() > 1000 {
        return;
    }
    let (recipient, own) = key_pair(alg, enc);
    let recipient = recipient.with_kid(kid);
    let integrated = matches!(alg, KeyManagement::Hpke(_));
    let encrypter =
        if integrated { Encrypter::integrated(recipient) } else { Encrypter::new(enc, recipient) };
    let encrypter = encrypter.cty(cty);
    let decrypter = Decrypter::new([own.with_kid(kid)]).max_len(1 << 20);
    let (made, decrypted) = match third % 4 {
        0 => {
            let made = encrypter.encrypt(text).expect("anything can be encrypted");
            let decrypted = decrypter.decrypt(&made);
            (made, decrypted)
        }
        1 => {
            let made = encrypter.aad(aad).encrypt_flattened(text).expect("anything can be encrypted");
            let decrypted = decrypter.decrypt_json(&made);
            (made, decrypted)
        }
        2 => {
            let made = encrypter.aad(aad).encrypt_general(text).expect("anything can be encrypted");
            let decrypted = decrypter.decrypt_json(&made);
            (made, decrypted)
        }
        _ => return nested(encrypter, decrypter, kid),
    };
    let decrypted = decrypted.expect("what was encrypted decrypts");
    assert_eq!((decrypted.plaintext(), decrypted.kid(), decrypted.cty()), (text, Some(kid), Some(cty)));
    assert_eq!((decrypted.alg(), decrypted.enc()), (alg, (!integrated).then_some(enc)));

    // Another letter anywhere, of those that may stand there.
    let at = usize::from(*third) * made.len() / 256;
    let mut changed = made.into_bytes();
    changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).unwrap_or_default();
    assert!(decrypter.decrypt(&changed).is_err(), "a changed text was decrypted");
    if let Ok(again) = decrypter.decrypt_json(&changed) {
        // The unprotected parts of a JSON form are what their name says, but the text stays the same.
        assert_eq!(again.plaintext(), text);
    }
});

fn key_pair(alg: KeyManagement, enc: ContentEncryption) -> (RecipientKey, DecryptionKey) {
    let secret = Jwk::from_secret(&[7; 64][..secret_len(alg, enc)]);
    let jwk = match alg.as_str() {
        name if name.starts_with("ECDH") => &*AGREEMENT,
        "HPKE-0" | "HPKE-0-KE" | "HPKE-7" | "HPKE-7-KE" => &P256,
        "HPKE-1" | "HPKE-1-KE" => &P384,
        "HPKE-2" | "HPKE-2-KE" => &P521,
        name if name.starts_with("HPKE") => &*AGREEMENT,
        _ => &secret,
    };
    if alg.as_str().starts_with("PBES2") {
        let recipient = RecipientKey::from_password(alg, b"a password").and_then(|key| key.iterations(1000));
        let own = DecryptionKey::from_password(alg, b"a password");
        return (recipient.expect("a password will do"), own.expect("a password will do"));
    }
    let public = jwk.public().unwrap_or_else(|_| jwk.clone());
    let recipient = RecipientKey::from_jwk_for(alg, &public).expect("the key fits");
    (recipient, DecryptionKey::from_jwk_for(alg, jwk).expect("the key fits"))
}

/// A key on a curve, with nothing said about what it is for.
fn made(algorithm: Algorithm) -> Jwk {
    let key = PrivateKey::generate(algorithm).expect("it can be made").to_jwk();
    Jwk::from_der(&key.to_der().expect("it is asymmetric")).expect("it was just written")
}

fn secret_len(alg: KeyManagement, enc: ContentEncryption) -> usize {
    match alg.as_str() {
        "dir" => enc.key_len(),
        name if name.contains("128") => 16,
        name if name.contains("192") => 24,
        _ => 32,
    }
}

fn nested(encrypter: Encrypter, decrypter: Decrypter, sub: &str) {
    let signer = NestedSigner::new(Signer::new(keys::hmac("k1")), encrypter);
    let verifier = Verifier::new(Issuer::any(), Audience::any(), keys::hmac("k1"));
    let verifier = NestedVerifier::new(decrypter, verifier);
    let claims = json!({"sub": sub, "exp": keys::NOW + 60});
    let token = signer.sign(&claims).expect("anything can be signed");
    let verified = verifier.verify::<Value>(&token, Timestamp::from_unix(keys::NOW));
    assert_eq!(verified.expect("what was signed verifies").claims(), &claims);
}

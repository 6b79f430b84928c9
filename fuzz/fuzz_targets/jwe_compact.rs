//! Encrypted bytes in the compact form: what decrypts is what was encrypted, by the header that serde_json reads, and has
//! one text; the short way for `dir` judges like the long one; and whatever the header asks for, other keys do not panic.
#![no_main]

use std::sync::LazyLock;

use jeton_fuzz::{input, keys, second_opinion, token};
use jeton_jose::Jwk;
use jeton_jose::jwe::{
    self, ContentEncryption, DecryptError, Decrypter, DecryptionKey, EncryptionKey, HpkeSuite, KeyManagement,
};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// How long a text may become (bytes).
const INFLATE: usize = 5000;

static DECRYPTER: LazyLock<Decrypter> = LazyLock::new(|| Decrypter::new([keys::content()]).max_len(1 << 20));
static INFLATING: LazyLock<Decrypter> = LazyLock::new(|| DECRYPTER.clone().allow_compressed(INFLATE));
static SHORT: LazyLock<EncryptionKey> =
    LazyLock::new(|| EncryptionKey::new(keys::CONTENT).expect("32 bytes"));
static OTHERS: LazyLock<Decrypter> = LazyLock::new(|| {
    use KeyManagement::{A256GcmKw, A256Kw, EcdhEs, EcdhEsA256Kw, Hpke, HpkeKe, Pbes2Hs256A128Kw};
    let secret = Jwk::from_secret(keys::CONTENT);
    let agreement = Jwk::parse(keys::x25519_jwk().as_bytes()).expect("it is one");
    let key = |alg, jwk| DecryptionKey::from_jwk_for(alg, jwk).expect("it fits");
    Decrypter::new([
        key(A256Kw, &secret),
        key(A256GcmKw, &secret),
        key(EcdhEs, &agreement),
        key(EcdhEsA256Kw, &agreement),
        key(Hpke(HpkeSuite::X25519Aes128), &agreement),
        key(HpkeKe(HpkeSuite::X25519ChaCha20), &agreement),
        key(Pbes2Hs256A128Kw, &secret),
    ])
    .max_iterations(1100)
});

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(DECRYPTER.decrypt(text).is_err(), "a tag was forged");
        assert!(jwe::open(&SHORT, text).is_err(), "a tag was forged");
        let _ = OTHERS.decrypt(text);
    }
    let Some([header, text]) = input::parts(data) else { return };
    let token = token::encrypted(header, text);
    let decrypted = DECRYPTER.decrypt(&token);
    if let Ok(decrypted) = &decrypted
        && let Some(json) = second_opinion::agreed(header)
    {
        assert_eq!(decrypted.plaintext(), text);
        assert_eq!(decrypted.protected_json().as_bytes(), header);
        assert_eq!(
            (decrypted.alg(), decrypted.enc()),
            (KeyManagement::Dir, Some(ContentEncryption::A256Gcm))
        );
        assert_eq!((&json["alg"], &json["enc"]), (&"dir".into(), &"A256GCM".into()));
        assert_eq!(json.get("kid").and_then(Value::as_str), decrypted.kid());
        assert_eq!(json.get("typ").and_then(Value::as_str), decrypted.typ());
        assert_eq!(json.get("cty").and_then(Value::as_str), decrypted.cty());
        assert!(["zip", "crit", "b64"].iter().all(|name| json.get(name).is_none()));
        for other in token::other_texts(&token) {
            assert!(DECRYPTER.decrypt(&other).is_err(), "a second text for a token: {other:?}");
        }
    }
    match (jwe::open(&SHORT, &token), &decrypted) {
        // The short way does not look at what `dir` has no use for, such as `epk`.
        (Ok(opened), _) => assert_eq!(opened.as_slice(), text),
        // It wants the `kid` that its key has, here none; the long way takes a key without a name for any.
        (Err(DecryptError::KeyNotFound), _) => {}
        (Err(error), decrypted) => assert!(decrypted.is_err(), "the short way: {error}"),
    }
    if let (Ok(decrypted), Err(_)) = (INFLATING.decrypt(&token), &decrypted) {
        assert!(second_opinion::agreed(header).is_none_or(|json| json["zip"] == "DEF"));
        assert!(decrypted.plaintext().len() <= INFLATE);
    }
});

//! Tokens that are signed, then encrypted.

use jeton_jose::jwe::{ContentEncryption, Decrypter, DecryptionKey, Encrypter, KeyManagement, RecipientKey};
use jeton_jose::jwt::{Audience, Signer, Verifier};
use jeton_jose::nested::{NestedError, NestedSigner, NestedVerifier};
use jeton_jose::{Algorithm, Jwk, PrivateKey, Timestamp};
use serde_json::{Value, json};

use crate::vectors::{read, text};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

#[test]
fn a_nested_token_is_decrypted_and_verified_in_one_call() {
    let key = PrivateKey::generate(Algorithm::ES256).unwrap();
    let secret = Jwk::from_secret(&[7; 32]);
    let alg = KeyManagement::A256Kw;
    let encrypter =
        || Encrypter::new(ContentEncryption::A256Gcm, RecipientKey::from_jwk_for(alg, &secret).unwrap());
    let decrypter = || Decrypter::new([DecryptionKey::from_jwk_for(alg, &secret).unwrap()]);
    let claims = json!({"iss": "i", "aud": "a", "exp": NOW.unix() + 60});
    let verifier = NestedVerifier::new(decrypter(), Verifier::new("i", "a", key.public_key()));

    let token = NestedSigner::new(Signer::new(&key), encrypter()).sign(&claims).unwrap();
    assert_eq!(verifier.verify::<Value>(&token, NOW).unwrap().claims(), &claims);

    let unsigned = encrypter().cty("JWT").encrypt(claims.to_string().as_bytes()).unwrap();
    assert_eq!(verifier.verify::<Value>(&unsigned, NOW).unwrap_err().code(), "token_malformed");
    let inner = Signer::new(&key).sign(&claims).unwrap();
    for encrypter in [encrypter(), encrypter().cty("text/plain")] {
        let other = encrypter.encrypt(inner.as_bytes()).unwrap();
        assert_eq!(verifier.verify::<Value>(&other, NOW).unwrap_err(), NestedError::NotNested);
    }
    let none = encrypter().cty("JWT").encrypt(b"eyJhbGciOiJub25lIn0.e30.").unwrap();
    assert_eq!(verifier.verify::<Value>(&none, NOW).unwrap_err().code(), "algorithm_not_allowed");
    assert_eq!(verifier.verify::<Value>(&inner, NOW).unwrap_err().code(), "token_malformed", "signed only");
}

/// RFC 7520 §6.
#[test]
fn the_cookbooks_nested_token_is_decrypted_and_verified() {
    let Some(example) = read("rfc7520-cookbook/6.nesting_signatures_and_encryption.json") else { return };
    let jwk = |part: &str| Jwk::parse(example[part]["input"]["key"].to_string().as_bytes()).unwrap();
    let key = PrivateKey::from_jwk_for(Algorithm::PS256, &jwk("sign")).unwrap();
    let verifier = Verifier::new("hobbiton.example", Audience::any(), key.public_key());
    let decryption = DecryptionKey::from_jwk_for(KeyManagement::RsaOaep, &jwk("encrypt")).unwrap();
    let verifier = NestedVerifier::new(Decrypter::new([decryption]), verifier);
    let token = text(&example["encrypt"]["output"], "compact");
    let verified = verifier.verify::<Value>(token, Timestamp::from_unix(1_300_819_000)).unwrap();
    assert_eq!(verified.claims()["http://example.com/is_root"], true);
    let expired = verifier.verify::<Value>(token, NOW).unwrap_err();
    assert_eq!(expired.code(), "token_expired");
}

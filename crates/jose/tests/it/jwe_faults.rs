//! Faults that others' JWE have had, each a test. Those of headers, forms and parameters are in `jwe`.

use jeton_jose::jwe::{
    ContentEncryption, DecryptError, Decrypter, DecryptionKey, EncryptError, Encrypter, KeyManagement,
    RecipientKey,
};
use jeton_jose::{Jwk, KeyError, base64url};
use serde_json::{Value, json};

use crate::jwe::{compressed, direct, keys, rsa, with_segment};

fn header(jwe: &str) -> Value {
    serde_json::from_slice(&base64url::decode(jwe.split('.').next().unwrap()).unwrap()).unwrap()
}

fn with_header(jwe: &str, name: &str, value: Value) -> String {
    let mut header = header(jwe);
    header[name] = value;
    with_segment(jwe, 0, header.to_string().as_bytes())
}

/// Keys that others wrap a key to, one for each way of doing it.
const WRAPPING: [KeyManagement; 5] = [
    KeyManagement::A192Kw,
    KeyManagement::A256GcmKw,
    KeyManagement::RsaOaep256,
    KeyManagement::EcdhEsA128Kw,
    KeyManagement::Pbes2Hs512A256Kw,
];

/// CVE-2026-28490, python-jose#408.
#[test]
fn rsa1_5_is_refused_by_name_and_never_tried() {
    let rsa = rsa();
    assert!("RSA1_5".parse::<KeyManagement>().is_err());
    let named = rsa.clone().with_alg("RSA1_5");
    assert_eq!(DecryptionKey::from_jwk(&named).unwrap_err(), KeyError::AlgorithmUnknown);
    assert_eq!(RecipientKey::from_jwk(&named.public().unwrap()).unwrap_err(), KeyError::AlgorithmUnknown);
    let (recipient, key) = keys(KeyManagement::RsaOaep256, ContentEncryption::A128Gcm, &rsa);
    let jwe = Encrypter::new(ContentEncryption::A128Gcm, recipient).encrypt(b"x").unwrap();
    let downgraded = with_header(&jwe, "alg", json!("RSA1_5"));
    assert_eq!(Decrypter::new([key]).decrypt(&downgraded).unwrap_err(), DecryptError::AlgorithmNotAllowed);
}

/// CVE-2026-28490.
#[test]
fn a_content_key_of_the_wrong_length_fails_like_any_other() {
    let rsa = rsa();
    for alg in WRAPPING {
        let (recipient, key) = keys(alg, ContentEncryption::A128Gcm, &rsa);
        let decrypter = Decrypter::new([key]);
        let jwe = Encrypter::new(ContentEncryption::A128Gcm, recipient).encrypt(b"text").unwrap();
        for enc in ["A192GCM", "A256GCM"] {
            let relabelled = with_header(&jwe, "enc", json!(enc));
            assert_eq!(decrypter.decrypt(&relabelled).unwrap_err(), DecryptError::Failed, "{alg} {enc}");
        }
    }
}

/// CVE-2021-29443, CVE-2017-12973: whether the key, the tag, the padding or the compressed text is wrong shows nowhere.
#[test]
fn a_wrong_key_tag_padding_and_deflate_stream_are_one_error() {
    let key = jeton_jose::random::bytes::<32>();
    let jwk = Jwk::from_secret(&key);
    let decrypter = Decrypter::new([DecryptionKey::from_jwk_for(KeyManagement::Dir, &jwk).unwrap()])
        .allow_compressed(1000);
    let (encrypter, _) = direct(&key, ContentEncryption::A128CbcHs256);
    let jwe = encrypter.encrypt(b"text").unwrap();
    let (other, _) = direct(&[7; 32], ContentEncryption::A128CbcHs256);
    let failures = [
        other.encrypt(b"text").unwrap(),
        with_segment(&jwe, 4, &[0; 16]),
        // The tag is of another ciphertext, whatever the padding of this one.
        with_segment(&jwe, 3, &[0; 16]),
        with_segment(&jwe, 3, &[0; 15]),
        with_segment(&jwe, 3, &[]),
        compressed(&key, b"\xff\xff no deflate stream"),
        compressed(&key, &miniz_oxide::deflate::compress_to_vec(&[0; 2000], 9)),
    ];
    for failure in failures {
        let error = decrypter.decrypt(&failure).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.code()), ("decryption failed", "decrypt_failed"));
    }
}

/// CVE-2023-37464, CVE-2018-1000539; josekit#32, python-jose#281.
#[test]
fn a_gcm_tag_of_fewer_than_16_bytes_and_a_nonce_of_other_than_12_are_refused() {
    for enc in [ContentEncryption::A128Gcm, ContentEncryption::A192Gcm, ContentEncryption::A256Gcm] {
        let (encrypter, decrypter) = direct(&vec![7; enc.key_len()], enc);
        let jwe = encrypter.encrypt(b"text").unwrap();
        let tag = base64url::decode(jwe.split('.').nth(4).unwrap()).unwrap();
        for len in 0..16 {
            let short = with_segment(&jwe, 4, &tag[..len]);
            assert_eq!(decrypter.decrypt(&short).unwrap_err(), DecryptError::Failed);
        }
        for len in [0, 1, 8, 11, 13, 16, 24, 200] {
            let other = with_segment(&jwe, 2, &vec![0; len]);
            assert_eq!(decrypter.decrypt(&other).unwrap_err(), DecryptError::Failed);
        }
    }
}

/// CVE-2026-34986, jose2go#39, cjose#134.
#[test]
fn an_encrypted_key_is_there_where_it_belongs_and_nowhere_else() {
    let rsa = rsa();
    let enc = ContentEncryption::A256Gcm;
    for alg in [KeyManagement::Dir, KeyManagement::EcdhEs] {
        let (recipient, key) = keys(alg, enc, &rsa);
        let jwe = Encrypter::new(enc, recipient).encrypt(b"x").unwrap();
        for len in [1, 8, 24, 40] {
            let beside = with_segment(&jwe, 1, &vec![1; len]);
            assert_eq!(Decrypter::new([key.clone()]).decrypt(&beside).unwrap_err(), DecryptError::Malformed);
        }
    }
    for alg in WRAPPING {
        let (recipient, key) = keys(alg, enc, &rsa);
        let decrypter = Decrypter::new([key]);
        let jwe = Encrypter::new(enc, recipient).encrypt(b"x").unwrap();
        assert_eq!(decrypter.decrypt(&with_segment(&jwe, 1, &[])).unwrap_err(), DecryptError::Malformed);
        for len in [1, 7, 8, 15, 16, 23, 24, 39, 41, 48, 256, 2000] {
            let other = with_segment(&jwe, 1, &vec![1; len]);
            assert_eq!(decrypter.decrypt(&other).unwrap_err(), DecryptError::Failed, "{alg} {len}");
        }
    }
}

/// RFC 7518 §4.6.2: the derived key depends on `alg` or `enc`, on `apu` and on `apv`.
#[test]
fn an_agreed_key_is_for_the_algorithm_and_the_parties_of_its_header() {
    let rsa = rsa();
    let enc = ContentEncryption::A256Gcm;
    let (recipient, key) = keys(KeyManagement::EcdhEs, enc, &rsa);
    let jwe = Encrypter::new(enc, recipient).encrypt(b"x").unwrap();
    let decrypter = Decrypter::new([key]);
    let party = json!(base64url::encode("Mallory"));
    for (name, value) in [("enc", json!("A128CBC-HS256")), ("apu", party.clone()), ("apv", party)] {
        let changed = with_header(&jwe, name, value);
        assert_eq!(decrypter.decrypt(&changed).unwrap_err(), DecryptError::Failed, "{name}");
    }
    assert_eq!(
        decrypter.decrypt(&with_header(&jwe, "alg", json!("ECDH-ES+A256KW"))).unwrap_err(),
        DecryptError::AlgorithmNotAllowed
    );
}

/// CVE-2022-36083, CVE-2023-50967 and others: a text cannot make a decrypter hash that has no password.
#[test]
fn passwords_are_hashed_only_with_a_key_that_is_one() {
    let rsa = rsa();
    let alg = KeyManagement::Pbes2Hs256A128Kw;
    let (recipient, _) = keys(alg, ContentEncryption::A128Gcm, &rsa);
    let jwe = Encrypter::new(ContentEncryption::A128Gcm, recipient).encrypt(b"x").unwrap();
    let jwk = Jwk::from_secret(&[7; 16]);
    let symmetric = DecryptionKey::from_jwk_for(KeyManagement::A128Kw, &jwk).unwrap();
    let error = Decrypter::new([symmetric]).decrypt(&jwe).unwrap_err();
    assert_eq!(error, DecryptError::AlgorithmNotAllowed);
    let password = DecryptionKey::from_password(alg, b"password").unwrap();
    let strict = Decrypter::new([password]).max_iterations(999);
    assert_eq!(strict.decrypt(&jwe).unwrap_err(), DecryptError::Header { name: "p2c" });
}

#[test]
fn compression_is_told_by_the_protected_header_alone() {
    let key = jeton_jose::random::bytes::<32>();
    let jwk = Jwk::from_secret(&key);
    let decrypter = Decrypter::new([DecryptionKey::from_jwk_for(KeyManagement::Dir, &jwk).unwrap()])
        .allow_compressed(1000);
    let (encrypter, _) = direct(&key, ContentEncryption::A256Gcm);
    let flattened = encrypter.encrypt_flattened(b"x").unwrap();
    for place in ["unprotected", "header"] {
        let mut jwe: Value = serde_json::from_str(&flattened).unwrap();
        jwe[place] = json!({"zip": "DEF"});
        assert_eq!(
            decrypter.decrypt_json(&jwe.to_string()).unwrap_err(),
            DecryptError::Header { name: "zip" }
        );
    }
    let jwe = encrypter.encrypt(b"x").unwrap();
    for zip in [json!("GZ"), json!("def"), json!(""), json!(true), json!(null), json!(["DEF"])] {
        let error = decrypter.decrypt(&with_header(&jwe, "zip", zip)).unwrap_err();
        assert_eq!(error, DecryptError::Header { name: "zip" });
    }
}

/// CRIME: the length of what is made tells nothing of what is in it.
#[test]
fn what_is_made_is_never_compressed() {
    let (encrypter, _) = direct(&[7; 32], ContentEncryption::A256Gcm);
    let jwe = encrypter.encrypt(&[b'a'; 1000]).unwrap();
    assert_eq!(base64url::decode(jwe.split('.').nth(3).unwrap()).unwrap().len(), 1000);
    assert!(header(&jwe).get("zip").is_none());
    assert_eq!(encrypter.header("zip", "DEF").unwrap_err(), EncryptError::HeaderName);
}

/// RFC 7516 §7.2.
#[test]
fn a_recipient_who_fixes_the_content_key_is_alone() {
    let rsa = rsa();
    let enc = ContentEncryption::A256Gcm;
    let (wrapping, key) = keys(KeyManagement::A256GcmKw, enc, &rsa);
    for alg in [KeyManagement::Dir, KeyManagement::EcdhEs] {
        let (fixing, _) = keys(alg, enc, &rsa);
        let both = Encrypter::new(enc, fixing).and(wrapping.clone());
        assert_eq!(both.encrypt_general(b"x").unwrap_err(), EncryptError::Form);
        let two = Encrypter::new(enc, wrapping.clone()).and(wrapping.clone()).encrypt_general(b"x").unwrap();
        let mut jwe: Value = serde_json::from_str(&two).unwrap();
        jwe["recipients"][1] = json!({"header": {"alg": alg.as_str()}});
        let error = Decrypter::new([key.clone()]).decrypt_json(&jwe.to_string()).unwrap_err();
        assert_ne!(error, DecryptError::Failed, "{alg}");
    }
}

#[test]
fn a_recipient_on_a_curve_that_is_not_here_does_not_stand_in_the_others_way() {
    let enc = ContentEncryption::A256Gcm;
    let (wrapping, key) = keys(KeyManagement::A256GcmKw, enc, &rsa());
    let both = Encrypter::new(enc, wrapping.clone()).and(wrapping).encrypt_general(b"x").unwrap();
    let decrypter = Decrypter::new([key]);
    for other in [
        json!({"alg": "ECDH-ES+A256KW", "epk": {"kty": "OKP", "crv": "X448", "x": "AAAA"}}),
        json!({"alg": "RSA1_5"}),
    ] {
        let mut jwe: Value = serde_json::from_str(&both).unwrap();
        jwe["recipients"][0] = json!({"header": other, "encrypted_key": "AAAA"});
        assert_eq!(decrypter.decrypt_json(&jwe.to_string()).unwrap().plaintext(), b"x");
    }
}

#[test]
fn a_text_without_kid_is_tried_with_16_keys_and_no_more() {
    let alg = KeyManagement::A128Kw;
    let key = |byte| {
        let jwk = Jwk::from_secret(&[byte; 16]);
        (RecipientKey::from_jwk_for(alg, &jwk).unwrap(), DecryptionKey::from_jwk_for(alg, &jwk).unwrap())
    };
    let decrypter = Decrypter::new((0..17).map(|byte| key(byte).1));
    let encrypt = |byte| Encrypter::new(ContentEncryption::A128Gcm, key(byte).0).encrypt(b"x").unwrap();
    assert!(decrypter.decrypt(&encrypt(15)).is_ok());
    assert_eq!(decrypter.decrypt(&encrypt(16)).unwrap_err(), DecryptError::Failed);
}

/// That there is no way to set them is shown where the module is documented.
#[test]
fn keys_nonces_and_salts_are_fresh_in_every_text() {
    let rsa = rsa();
    for &alg in &[WRAPPING.as_slice(), &[KeyManagement::Dir, KeyManagement::EcdhEs]].concat() {
        let (recipient, _) = keys(alg, ContentEncryption::A256Gcm, &rsa);
        let encrypter = Encrypter::new(ContentEncryption::A256Gcm, recipient);
        let (first, second) = (encrypter.encrypt(b"text").unwrap(), encrypter.encrypt(b"text").unwrap());
        for (index, (first, second)) in first.split('.').zip(second.split('.')).enumerate().skip(1) {
            assert!(first.is_empty() || first != second, "{alg} {index}");
        }
        for name in ["epk", "p2s", "iv"] {
            let (first, second) = (header(&first), header(&second));
            assert!(first.get(name).is_none_or(|fresh| Some(fresh) != second.get(name)), "{alg} {name}");
        }
    }
}

#[test]
fn a_header_that_has_been_read_before_is_judged_by_each_decrypters_own_rules() {
    let (encrypter, decrypter) = direct(&[7; 32], ContentEncryption::A256Gcm);
    let jwe = encrypter.typ("a").encrypt(b"text").unwrap();
    for _ in 0..3 {
        let decrypted = decrypter.decrypt(&jwe).unwrap();
        assert_eq!((decrypted.plaintext(), decrypted.typ()), (b"text".as_slice(), Some("a")));
        assert_eq!(decrypted.protected_json(), r#"{"alg":"dir","typ":"a","enc":"A256GCM"}"#);
    }
    let stricter = decrypter.clone().only([ContentEncryption::A128Gcm]);
    assert_eq!(stricter.decrypt(&jwe).unwrap_err(), DecryptError::AlgorithmNotAllowed);
    assert_eq!(decrypter.decrypt(&with_segment(&jwe, 4, &[0; 16])).unwrap_err(), DecryptError::Failed);
    let shorter = with_header(&jwe, "typ", json!("b"));
    assert_eq!(decrypter.decrypt(&shorter).unwrap_err(), DecryptError::Failed);
}

//! HPKE (draft-ietf-jose-hpke-encrypt).

use jeton_jose::jwe::{
    ContentEncryption, DecryptError, Decrypter, DecryptionKey, EncryptError, Encrypter, HpkeSuite,
    KeyManagement, RecipientKey,
};
use jeton_jose::{Jwk, KeyError, base64url};
use serde_json::{Value, json};

use crate::vectors::{read, text};

/// Of the draft's examples: the recipient of `HPKE-1`, and a text for them. RFC 9180 has no example on P-384.
const P384_KEY: &str = r#"{"kty":"EC","crv":"P-384","x":"CTphb4EF35SSZgrk9rYHXkdalQLTGRApFRiAF8eVteQtOIZRbZKV0iEv9eiSElLT","y":"6KddFD8aAVzoJNq1Jr_4oZ3t7SGZm3qgXMHN7sB_KAlxTydxRaVXArFKQyyffOj6","d":"UzFpz5G-_kWkiCKWCWdRXFxVoz9fTY4u9I_XmfPoOI7eEf0glEARLbsx06wb1EYu","alg":"HPKE-1","use":"enc","kid":"K4P-SJHnqUpz-qTXlYCBV6ITFu8sH_gsx2KGMEcjk9s"}"#;
const P384_TEXT: &str = "eyJhbGciOiJIUEtFLTEiLCJraWQiOiJLNFAtU0pIbnFVcHotcVRYbFlDQlY2SVRGdThzSF9nc3gyS0dNRWNqazlzIn0.BG5NsNBMLw2aHZgcyEGwC2D5L3NQqWp6TCVneiNrWzK9OCuIqpZ6mxkTxf-UXtO2BiQjFLSm2GCnPItrjFEjHzTvg_aPUjZVNsSWFhgHseLC40zvBvBqhqGyRT1btnzhYw..k283DSyVnTKkfQnB0ngaY03st55x1OBqHLvnvp7VM0jA-yxgC7QgdAiyDCxfnpBgLE680KyJPJcDo0F9K50O2wZOBC5VAPUZlvkOkGucTvEfnVn6HPd1c-Btpm4eMEHOzEZ69nMQptgOtaA_XTdhiA34CX_bMaPO0MwrXu76HrMlfSXZ1C-298ZPHDOBHUx4IJROJaXMh4NKq76VLkIsdAdgguT4SXaTYBka5c1vEcLtjQh5zKtQHXHHevHO6gZmneYsg6sx-PvrXPItQe33bGwYAJ5zxhKTynoOfDa_zfZFSdWz3OX1wMa8WZMbCU1ibIjiEv0H1pOO0cs8mt7Xs5xjTqKBlW6m8EecD2H9YBqB4DVbMsckNnxkqIEM.";
const PLAINTEXT: &str = "You can trust us to stick with you through thick and thin-to the bitter end. And you can \
    trust us to keep any secret of yours-closer than you keep it yourself. But you cannot trust us to let you face \
    trouble alone, and go off without a word. We are your friends, Frodo.";

fn jwk(json: &str) -> Jwk {
    Jwk::parse(json.as_bytes()).unwrap()
}

fn recipient(jwk: &Jwk) -> RecipientKey {
    RecipientKey::from_jwk(&jwk.public().unwrap()).unwrap()
}

fn decrypter(jwk: &Jwk) -> Decrypter {
    Decrypter::new([DecryptionKey::from_jwk(jwk).unwrap()])
}

/// A key for each suite, without `alg`.
fn keys() -> Vec<(HpkeSuite, Jwk)> {
    use HpkeSuite::{P256Aes128, P256Aes256, P384Aes256, P521Aes256, X25519Aes128, X25519ChaCha20};
    let ec = |algorithm| {
        let key = jeton_jose::PrivateKey::generate(algorithm).unwrap().to_jwk();
        Jwk::from_der(&key.to_der().unwrap()).unwrap()
    };
    let x25519 = || jwk(crate::jwe::X25519);
    vec![
        (P256Aes128, ec(jeton_jose::Algorithm::ES256)),
        (P384Aes256, ec(jeton_jose::Algorithm::ES384)),
        (P521Aes256, ec(jeton_jose::Algorithm::ES512)),
        (X25519Aes128, x25519()),
        (X25519ChaCha20, x25519()),
        (P256Aes256, ec(jeton_jose::Algorithm::ES256)),
    ]
}

#[test]
fn the_drafts_example_on_p384_decrypts() {
    let decrypted = decrypter(&jwk(P384_KEY)).decrypt(P384_TEXT).unwrap();
    assert_eq!(decrypted.plaintext(), PLAINTEXT.as_bytes());
    assert_eq!((decrypted.alg(), decrypted.enc()), (KeyManagement::Hpke(HpkeSuite::P384Aes256), None));
}

#[test]
fn the_drafts_examples_decrypt_but_for_those_on_x448() {
    let Some(examples) = read("hpke/jose-vectors.json") else { return };
    let mut decrypted = 0;
    for example in examples.as_array().unwrap() {
        let alg = text(example, "alg");
        let key = Jwk::parse(example["jwk"].to_string().as_bytes());
        if alg.starts_with("HPKE-5") || alg.starts_with("HPKE-6") {
            assert_eq!(key.unwrap_err().to_string(), "X448 (AWS-LC does not have it) is not supported");
            continue;
        }
        let decrypter = decrypter(&key.unwrap());
        let compact = decrypter.decrypt(text(example, "compact")).unwrap();
        let flattened = decrypter.decrypt_json(&example["flattened"].to_string()).unwrap();
        for opened in [compact, flattened] {
            assert_eq!(opened.plaintext(), PLAINTEXT.as_bytes(), "{alg}");
            assert_eq!((opened.alg().as_str(), opened.enc().is_some()), (alg, alg.ends_with("-KE")));
            decrypted += 1;
        }
    }
    assert_eq!(decrypted, 24);
}

#[test]
fn each_suite_decrypts_what_it_encrypts_in_every_form() {
    for (suite, jwk) in keys() {
        for alg in [KeyManagement::Hpke(suite), KeyManagement::HpkeKe(suite)] {
            let jwk = jwk.clone().with_alg(alg.as_str());
            let encrypter = match alg {
                KeyManagement::Hpke(_) => Encrypter::integrated(recipient(&jwk).with_kid("k")),
                _ => Encrypter::new(ContentEncryption::A256Gcm, recipient(&jwk).with_kid("k")),
            };
            let decrypter = decrypter(&jwk);
            for plaintext in [b"".as_slice(), b"x", &[7; 1000]] {
                let jwe = encrypter.encrypt(plaintext).unwrap();
                let decrypted = decrypter.decrypt(&jwe).unwrap();
                assert_eq!((decrypted.plaintext(), decrypted.kid()), (plaintext, Some("k")), "{alg}");
            }
            let with_aad = encrypter.cty("text").aad("visible");
            for jwe in [with_aad.encrypt_flattened(b"x").unwrap(), with_aad.encrypt_general(b"x").unwrap()] {
                assert_eq!(decrypter.decrypt_json(&jwe).unwrap().plaintext(), b"x");
                let changed = jwe.replace(&base64url::encode("visible"), &base64url::encode("changed"));
                assert_eq!(decrypter.decrypt_json(&changed).unwrap_err(), DecryptError::Failed);
            }
        }
    }
}

#[test]
fn an_hpke_recipient_stands_beside_others_with_key_encryption_only() {
    let (suite, jwk) = keys().remove(0);
    let other = Jwk::from_secret(&[7; 32]);
    let wrap = KeyManagement::A256Kw;
    let beside = |alg: KeyManagement| {
        let recipient = recipient(&jwk.clone().with_alg(alg.as_str()));
        Encrypter::new(ContentEncryption::A128Gcm, RecipientKey::from_jwk_for(wrap, &other).unwrap())
            .and(recipient)
            .encrypt_general(b"x")
    };
    let jwe = beside(KeyManagement::HpkeKe(suite)).unwrap();
    let ours = decrypter(&jwk.clone().with_alg("HPKE-0-KE"));
    assert_eq!(ours.decrypt_json(&jwe).unwrap().plaintext(), b"x");
    let theirs = Decrypter::new([DecryptionKey::from_jwk_for(wrap, &other).unwrap()]);
    assert_eq!(theirs.decrypt_json(&jwe).unwrap().plaintext(), b"x");
    assert_eq!(beside(KeyManagement::Hpke(suite)).unwrap_err(), EncryptError::Form);
}

#[test]
fn enc_is_there_with_key_encryption_and_absent_without() {
    let key = jwk(crate::jwe::P256);
    let (integrated, wrapping) = (key.clone().with_alg("HPKE-0"), key.clone().with_alg("HPKE-0-KE"));
    let enc = ContentEncryption::A128Gcm;
    assert_eq!(
        Encrypter::new(enc, recipient(&integrated)).encrypt(b"x").unwrap_err(),
        EncryptError::ContentEncryption
    );
    assert_eq!(
        Encrypter::integrated(recipient(&wrapping)).encrypt(b"x").unwrap_err(),
        EncryptError::ContentEncryption
    );
    let refused = |decrypter: &Decrypter, header: Value| {
        let segments = [base64url::encode(header.to_string()), base64url::encode([4; 65])];
        decrypter.decrypt(&format!("{}.{}..AAAA.", segments[0], segments[1])).unwrap_err()
    };
    let (ours, ke) = (decrypter(&integrated), decrypter(&wrapping));
    let header = |name| DecryptError::Header { name };
    assert_eq!(refused(&ours, json!({"alg": "HPKE-0", "enc": "A128GCM"})), header("enc"));
    assert_eq!(refused(&ours, json!({"alg": "HPKE-0", "ek": "AAAA"})), header("ek"));
    assert_eq!(refused(&ours, json!({"alg": "HPKE-0", "psk_id": "AAAA"})), header("psk_id"));
    assert_eq!(refused(&ours, json!({"alg": "HPKE-5"})), DecryptError::AlgorithmNotAllowed);
    assert_eq!(refused(&ours, json!({"alg": "HPKE-0"})), DecryptError::Failed, "no point of the curve");
    assert_eq!(refused(&ke, json!({"alg": "HPKE-0-KE"})), header("enc"));
    assert_eq!(refused(&ke, json!({"alg": "HPKE-0-KE", "enc": "A128GCM"})), header("ek"));
    let psk = json!({"alg": "HPKE-0-KE", "enc": "A128GCM", "ek": "AAAA", "psk_id": "AAAA"});
    assert_eq!(refused(&ke, psk), header("psk_id"));
    // Compact texts with a vector or a tag, which integrated encryption does not have.
    let jwe = Encrypter::integrated(recipient(&integrated)).encrypt(b"x").unwrap();
    assert_eq!(ours.decrypt(&format!("{jwe}AAAA")).unwrap_err(), DecryptError::Malformed);
    assert_eq!(ours.decrypt(&jwe.replace("..", ".AAAA.")).unwrap_err(), DecryptError::Malformed);
}

#[test]
fn whatever_is_changed_in_an_hpke_text_fails_alike() {
    for alg in ["HPKE-0", "HPKE-0-KE"] {
        let key = jwk(crate::jwe::P256).with_alg(alg);
        let encrypter = match alg {
            "HPKE-0" => Encrypter::integrated(recipient(&key)),
            _ => Encrypter::new(ContentEncryption::A128CbcHs256, recipient(&key)),
        };
        let jwe = encrypter.encrypt(b"text").unwrap();
        for (index, segment) in jwe.split('.').enumerate().skip(1).filter(|(_, segment)| !segment.is_empty())
        {
            let mut bytes = base64url::decode(segment).unwrap();
            for at in [0, bytes.len() - 1] {
                bytes[at] ^= 1;
                let mut segments: Vec<String> = jwe.split('.').map(str::to_owned).collect();
                segments[index] = base64url::encode(&bytes);
                let changed = segments.join(".");
                assert_eq!(
                    decrypter(&key).decrypt(&changed).unwrap_err(),
                    DecryptError::Failed,
                    "{alg} {index}"
                );
            }
        }
    }
}

#[test]
fn the_alg_of_integrated_encryption_is_protected() {
    let key = jwk(crate::jwe::P256).with_alg("HPKE-0");
    let jwe = Encrypter::integrated(recipient(&key)).cty("text").encrypt_flattened(b"x").unwrap();
    let mut jwe: Value = serde_json::from_str(&jwe).unwrap();
    jwe["protected"] = json!(base64url::encode(r#"{"cty":"text"}"#));
    jwe["header"] = json!({"alg": "HPKE-0"});
    assert_eq!(
        decrypter(&key).decrypt_json(&jwe.to_string()).unwrap_err(),
        DecryptError::Header { name: "alg" }
    );
}

#[test]
fn a_key_serves_the_suite_it_names_and_no_other() {
    let p256 = jwk(crate::jwe::P256);
    let named = p256.clone().with_alg("HPKE-0");
    assert_eq!(
        DecryptionKey::from_jwk_for(KeyManagement::HpkeKe(HpkeSuite::P256Aes128), &named).unwrap_err(),
        KeyError::EncryptionMismatch
    );
    let other_curve = p256.clone().with_alg("HPKE-1");
    assert_eq!(DecryptionKey::from_jwk(&other_curve).unwrap_err(), KeyError::EncryptionMismatch);
    assert_eq!(
        RecipientKey::from_jwk(&other_curve.public().unwrap()).unwrap_err(),
        KeyError::EncryptionMismatch
    );
    for name in ["HPKE-5", "HPKE-6", "HPKE-5-KE", "HPKE-6-KE"] {
        let error = DecryptionKey::from_jwk(&p256.clone().with_alg(name)).unwrap_err();
        assert_eq!(error.to_string(), "HPKE on X448 (AWS-LC does not have it) is not supported");
        assert!(name.parse::<KeyManagement>().is_err());
    }
    let key = named.public().unwrap();
    let encrypter = Encrypter::integrated(RecipientKey::from_jwk(&key).unwrap());
    for name in ["ek", "psk_id"] {
        assert_eq!(encrypter.clone().header(name, "x").unwrap_err(), EncryptError::HeaderName);
    }
}

//! Project Wycheproof's cases for the primitives, which no token can carry.

use serde_json::Value;
use zeroize::Zeroizing;

use super::{AgreementCurve, AgreementKey, ContentKey, PeerKey, Refused, VerifyKey, aes_unwrap, aes_wrap};
use crate::Jwk;
use crate::jwe::ContentEncryption;
use crate::key::{Curve, Material, OkpCurve, Private, Public};
use crate::vectors::{hex, list, read, text};

/// Runs every case, and checks that exactly those that should be accepted are.
fn run(file: &str, accepts: impl Fn(&Value, &Value) -> bool) {
    let Some(suite) = read(&format!("wycheproof/{file}")) else { return };
    let mut count = 0;
    for group in list(&suite, "testGroups") {
        for test in list(group, "tests") {
            let expected = match text(test, "result") {
                "valid" => Some(true),
                "invalid" => Some(false),
                _ => None,
            };
            let accepted = accepts(group, test);
            assert!(
                expected.is_none_or(|expected| expected == accepted),
                "{file} {}: {}, {}",
                test["tcId"],
                text(test, "comment"),
                test["flags"]
            );
            count += 1;
        }
    }
    assert_eq!(Some(count), suite["numberOfTests"].as_u64());
}

fn jwk(value: &Value) -> Option<Jwk> {
    Jwk::parse(value.to_string().as_bytes()).ok()
}

#[test]
fn wycheproof_aes_cbc_hmac() {
    let suites = [
        (ContentEncryption::A128CbcHs256, "a128cbc_hs256_test.json"),
        (ContentEncryption::A192CbcHs384, "a192cbc_hs384_test.json"),
        (ContentEncryption::A256CbcHs512, "a256cbc_hs512_test.json"),
    ];
    for (enc, file) in suites {
        run(file, |_, test| {
            let part = |name| hex(text(test, name));
            let key = ContentKey::new(enc, &part("key")).unwrap();
            let mut plain = part("ct");
            let opened = key.open(&part("iv"), &part("aad"), &part("tag"), &mut plain);
            if text(test, "result") == "valid" {
                let mut again = part("msg");
                let tag = key.seal(&part("iv"), &part("aad"), &mut again).unwrap();
                assert_eq!((again, tag.as_slice()), (part("ct"), &*part("tag")));
            }
            opened.is_ok_and(|len| plain[..len] == part("msg"))
        });
    }
}

#[test]
fn wycheproof_aes_key_wrap() {
    run("aes_wrap_test.json", |_, test| {
        let (key, message, wrapped) = (hex(text(test, "key")), hex(text(test, "msg")), hex(text(test, "ct")));
        let unwrapped = aes_unwrap(&key, &wrapped);
        if text(test, "result") == "valid" {
            assert_eq!(aes_wrap(&key, &message).unwrap(), wrapped);
        }
        unwrapped.is_ok_and(|unwrapped| *unwrapped == message)
    });
}

fn agree(curve: AgreementCurve, scalar: &[u8], public: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refused> {
    AgreementKey::new(curve, scalar)?.agree(&PeerKey::new(curve, public)?)
}

#[test]
fn wycheproof_ecdh_and_x25519() {
    let suites = [
        (AgreementCurve::P256, "ecdh_secp256r1_webcrypto_test.json"),
        (AgreementCurve::P384, "ecdh_secp384r1_webcrypto_test.json"),
        (AgreementCurve::P521, "ecdh_secp521r1_webcrypto_test.json"),
    ];
    for (curve, file) in suites {
        run(file, |_, test| {
            let (Some(private), Some(public)) = (jwk(&test["private"]), jwk(&test["public"])) else {
                return false;
            };
            let Material::Private(Private::Ec { scalar, .. }) = private.material() else { return false };
            let Material::Public(Public::Ec { curve: named, point }) = public.material() else {
                return false;
            };
            let named = match named {
                Curve::P256 => AgreementCurve::P256,
                Curve::P384 => AgreementCurve::P384,
                Curve::P521 => AgreementCurve::P521,
                Curve::Secp256k1 => return false,
            };
            let secret = agree(curve, scalar, point);
            named == curve && secret.is_ok_and(|secret| *secret == hex(text(test, "shared")))
        });
    }
    run("x25519_jwk_test.json", |_, test| {
        let (Some(private), Some(public)) = (jwk(&test["private"]), jwk(&test["public"])) else {
            return false;
        };
        let Material::Private(Private::Okp { curve: OkpCurve::X25519, seed, .. }) = private.material() else {
            return false;
        };
        let Material::Public(Public::Okp { curve: OkpCurve::X25519, x }) = public.material() else {
            return false;
        };
        let secret = agree(AgreementCurve::X25519, seed, x);
        secret.is_ok_and(|secret| *secret == hex(text(test, "shared")))
    });
}

#[test]
fn wycheproof_ecdsa_and_ed25519() {
    for file in [
        "ecdsa_secp256r1_sha256_p1363_test.json",
        "ecdsa_secp384r1_sha384_p1363_test.json",
        "ecdsa_secp521r1_sha512_p1363_test.json",
        "ecdsa_secp256k1_sha256_p1363_test.json",
        "ed25519_test.json",
    ] {
        run(file, |group, test| {
            // Some groups have no JWK, since their coordinates begin with zeros that upstream dropped.
            let key = match jwk(&group["publicKeyJwk"]) {
                Some(jwk) => jwk,
                None => Jwk::from_der(&hex(text(group, "publicKeyDer"))).unwrap(),
            };
            let key = match key.material() {
                Material::Public(Public::Ec { curve, point }) => VerifyKey::ecdsa(*curve, point),
                Material::Public(Public::Okp { curve: OkpCurve::Ed25519, x }) => VerifyKey::ed25519(x),
                _ => return false,
            };
            key.is_ok_and(|key| key.verify(&hex(text(test, "msg")), &hex(text(test, "sig"))).is_ok())
        });
    }
}

/// RFC 7518 appendix B, written out for clones without the published vectors.
#[test]
fn rfc7518_b_aes_cbc_hmac() {
    let key: Vec<u8> = (0..64).collect();
    let plaintext = hex(
        "41206369706865722073797374656d206d757374206e6f7420626520726571756972656420746f206265207365637265742c20616e64206974206d7573742062652061626c6520746f2066616c6c20696e746f207468652068616e6473206f662074686520656e656d7920776974686f757420696e636f6e76656e69656e6365",
    );
    let aad = hex("546865207365636f6e64207072696e6369706c65206f662041756775737465204b6572636b686f666673");
    let iv = hex("1af38c2dc2b96ffdd86694092341bc04");
    let cases = [
        (
            ContentEncryption::A128CbcHs256,
            "c80edfa32ddf39d5ef00c0b468834279a2e46a1b8049f792f76bfe54b903a9c9a94ac9b47ad2655c5f10f9aef71427e2fc6f9b3f399a221489f16362c703233609d45ac69864e3321cf82935ac4096c86e133314c54019e8ca7980dfa4b9cf1b384c486f3a54c51078158ee5d79de59fbd34d848b3d69550a67646344427ade54b8851ffb598f7f80074b9473c82e2db",
            "652c3fa36b0a7c5b3219fab3a30bc1c4",
        ),
        (
            ContentEncryption::A192CbcHs384,
            "ea65da6b59e61edb419be62d19712ae5d303eeb50052d0dfd6697f77224c8edb000d279bdc14c1072654bd30944230c657bed4ca0c9f4a8466f22b226d1746214bf8cfc2400add9f5126e479663fc90b3bed787a2f0ffcbf3904be2a641d5c2105bfe591bae23b1d7449e532eef60a9ac8bb6c6b01d35d49787bcd57ef484927f280adc91ac0c4e79c7b11efc60054e3",
            "8490ac0e58949bfe51875d733f93ac2075168039ccc733d7",
        ),
        (
            ContentEncryption::A256CbcHs512,
            "4affaaadb78c31c5da4b1b590d10ffbd3dd8d5d302423526912da037ecbcc7bd822c301dd67c373bccb584ad3e9279c2e6d12a1374b77f077553df829410446b36ebd97066296ae6427ea75c2e0846a11a09ccf5370dc80bfecbad28c73f09b3a3b75e662a2594410ae496b2e2e6609e31e6e02cc837f053d21f37ff4f51950bbe2638d09dd7a4930930806d0703b1f6",
            "4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5",
        ),
    ];
    for (enc, ciphertext, tag) in cases {
        let key = ContentKey::new(enc, &key[..enc.key_len()]).unwrap();
        let mut text = hex(ciphertext);
        // A short or wrong tag is refused before anything is decrypted.
        for bad in [&hex(tag)[..15], &vec![0; tag.len() / 2]] {
            assert!(key.open(&iv, &aad, bad, &mut text).is_err());
            assert_eq!(text, hex(ciphertext));
        }
        let len = key.open(&iv, &aad, &hex(tag), &mut text).unwrap();
        assert_eq!(text[..len], plaintext);
        text.truncate(len);
        let made = key.seal(&iv, &aad, &mut text).unwrap();
        assert_eq!((text, made.as_slice()), (hex(ciphertext), &*hex(tag)));
    }
}

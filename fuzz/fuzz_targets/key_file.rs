//! Keys in PEM and DER: what is read is written and read again as the same key, in DER, in PEM and in JSON; and a public key in
//! the form that is written has one text only.
#![no_main]

use jeton_jose::{Algorithm, Jwk, PublicKey, SharedSecret};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(key) = Jwk::from_der(data) {
        check(&key);
        if key.is_public() && begins_with_sequence(data) {
            let written = key.to_der().expect("it is asymmetric");
            // Else it stands in a certificate, as it is.
            let within = data.windows(written.len()).any(|part| part == written.as_slice());
            assert!(within, "one key, one text");
        }
        assert!(
            SharedSecret::new(Algorithm::HS256, data).is_err(),
            "a key in DER was taken for a shared secret"
        );
    }
    if let Ok(key) = std::str::from_utf8(data).map_or(Err(()), |text| Jwk::from_pem(text).map_err(|_| ())) {
        check(&key);
    }
});

fn check(key: &Jwk) {
    let json = key.to_json();
    let der = key.to_der().expect("it is asymmetric");
    let again = Jwk::from_der(&der).expect("what was written is read");
    assert_eq!(again.to_json(), json, "the same key from DER");
    assert_eq!(again.to_der().expect("it is asymmetric"), der);
    let pem = key.to_pem().expect("it is asymmetric");
    let again = Jwk::from_pem(&pem).expect("what was written is read");
    assert_eq!(again.to_json(), json, "the same key from PEM");
    let again = Jwk::parse(json.as_bytes()).expect("what was written is read");
    assert_eq!(again.to_json(), json, "the same key from JSON");
    assert_eq!(again.to_der().expect("it is asymmetric"), der);
    assert_eq!(again.thumbprint(), key.thumbprint());
    let public = key.public().expect("it is asymmetric");
    assert_eq!(public.thumbprint(), key.thumbprint());
    let _ = PublicKey::from_jwk_for(public.signature_algorithm().unwrap_or(Algorithm::RS256), &public);
}

/// Whether this is a SubjectPublicKeyInfo or a certificate rather than a bare RSA key: its first field is a sequence.
fn begins_with_sequence(der: &[u8]) -> bool {
    let header = match der.get(1) {
        Some(len) if *len >= 0x80 => 2 + usize::from(len & 0x7f),
        _ => 2,
    };
    der.get(header) == Some(&0x30)
}

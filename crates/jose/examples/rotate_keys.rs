//! How do I rotate keys? Publish the next one, wait until everybody has it, sign with it, retire the old one.

use jeton_jose::jwt::{Signer, Verifier};
use jeton_jose::{Algorithm, JwkSet, KeySet, PrivateKey, Timestamp};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = Timestamp::from_unix(1_800_000_000);
    let claims = json!({"iss": "https://issuer.example", "aud": "api", "exp": now.unix() + 300});
    let old = PrivateKey::generate(Algorithm::ES256)?.with_kid("2026-10");
    let next = PrivateKey::generate(Algorithm::ES256)?.with_kid("2026-11");

    // Published before the next key signs anything.
    let published = JwkSet::new(vec![old.to_jwk(), next.to_jwk()]).public().to_json();

    // What a verifier makes of it.
    let keys = KeySet::from_jwk_set(&JwkSet::parse(published.as_bytes())?)?;
    let verifier = Verifier::new("https://issuer.example", "api", keys);
    for key in [&old, &next] {
        let token = Signer::new(key).sign(&claims)?;
        assert_eq!(verifier.verify::<Value>(&token, now)?.kid(), key.kid());
    }

    // Once the last token of the old key has expired.
    let keys = KeySet::from_jwk_set(&JwkSet::new(vec![next.public_key().to_jwk()]))?;
    let verifier = Verifier::new("https://issuer.example", "api", keys);
    let late = verifier.verify::<Value>(&Signer::new(&old).sign(&claims)?, now);
    assert_eq!(late.map_err(|error| error.code()).err(), Some("key_not_found"));
    Ok(())
}

//! Which algorithm? The key decides, when it is made; nothing else ever names one. This shows what each costs in bytes.

use jeton_jose::jwt::{Signer, Verifier};
use jeton_jose::{Algorithm, PrivateKey, SharedSecret, Timestamp};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = Timestamp::from_unix(1_800_000_000);
    let claims = json!({"iss": "https://issuer.example", "aud": "api", "exp": now.unix() + 300});

    for (algorithm, signature_bytes) in [
        // Unless you know better: small, fast to sign, and everybody has it.
        (Algorithm::ES256, 64),
        // Where all verifiers are recent.
        (Algorithm::Ed25519, 64),
        // For verifiers that know nothing else.
        (Algorithm::RS256, 256),
        // Where signatures must outlive the arrival of quantum computers.
        (Algorithm::MlDsa65, 3309),
    ] {
        let key = PrivateKey::generate(algorithm)?;
        let token = Signer::new(&key).sign(&claims)?;
        let signature = token.rsplit('.').next().unwrap_or_default();
        assert_eq!(signature.len(), (signature_bytes * 8_usize).div_ceil(6));

        let verifier = Verifier::new("https://issuer.example", "api", key.public_key());
        assert_eq!(verifier.verify::<Value>(&token, now)?.algorithm(), algorithm);
    }

    // Only where whoever verifies may also sign.
    let secret = SharedSecret::generate(Algorithm::HS256)?;
    let token = Signer::new(&secret).sign(&claims)?;
    assert!(Verifier::new("https://issuer.example", "api", secret).verify::<Value>(&token, now).is_ok());

    // A token by another algorithm than the key's is refused before the key is used.
    let verifier =
        Verifier::new("https://issuer.example", "api", PrivateKey::generate(Algorithm::ES256)?.public_key());
    let refused = verifier.verify::<Value>(&token, now).map_err(|error| error.code());
    assert_eq!(refused.err(), Some("algorithm_not_allowed"));
    Ok(())
}

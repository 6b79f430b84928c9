//! Coming from jsonwebtoken? The same keys and the same tokens; what changes is what is refused.

use jeton_jose::jwt::{Signer, Unverified, Verifier};
use jeton_jose::{Algorithm, PrivateKey, PublicKey, SharedSecret, Timestamp, jws};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    exp: Timestamp,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = Timestamp::from_unix(1_800_000_000);
    // The files that `EncodingKey::from_ec_pem` and `DecodingKey::from_ec_pem` read.
    let (private_pem, public_pem) = key_files()?;
    let claims = Claims {
        iss: "https://issuer.example".into(),
        aud: "api".into(),
        sub: "ada".into(),
        exp: now.saturating_add(std::time::Duration::from_secs(300)),
    };

    // encode(&Header { alg, kid, .. }, &claims, &encoding_key)
    let key = PrivateKey::from_pem(Algorithm::ES256, &private_pem)?.with_kid("2026-11");
    let token = Signer::new(&key).sign(&claims)?;

    // decode::<Claims>(&token, &decoding_key, &validation)
    let key = PublicKey::from_pem(Algorithm::ES256, &public_pem)?.with_kid("2026-11");
    let verifier = Verifier::new("https://issuer.example", "api", key);
    assert_eq!(verifier.verify::<Claims>(&token, now)?.claims(), &claims);

    // decode_header(&token): anybody can have written it, so it serves to choose the verifier and nothing else.
    let seen = Unverified::parse(&token)?;
    assert_eq!(
        (seen.alg(), seen.kid(), seen.iss()),
        ("ES256", Some("2026-11"), Some("https://issuer.example"))
    );

    // What jsonwebtoken lets pass with its defaults, and this does not.
    let secret = SharedSecret::generate(Algorithm::HS256)?;
    let verifier = Verifier::new("https://issuer.example", "api", secret.clone());
    let (issuer, exp) = ("https://issuer.example", now.unix() + 300);
    for (claims, code) in [
        (json!({"aud": "api", "exp": exp}), "claim_missing"),
        (json!({"iss": issuer, "exp": exp}), "claim_missing"),
        (json!({"iss": issuer, "aud": "api", "exp": u64::MAX}), "claim_malformed"),
        (json!({"iss": issuer, "aud": "api", "exp": exp, "nbf": exp}), "token_not_yet_valid"),
    ] {
        // `jwt::Signer` refuses to sign what every verifier refuses; `jws::Signer` signs any bytes.
        let token = jws::Signer::new(&secret).sign(claims.to_string().as_bytes())?;
        assert_eq!(verifier.verify::<Claims>(&token, now).map_err(|error| error.code()).err(), Some(code));
    }
    assert!(SharedSecret::new(Algorithm::HS256, b"secret").is_err(), "shorter than the hash");
    Ok(())
}

fn key_files() -> Result<(String, String), Box<dyn std::error::Error>> {
    let key = PrivateKey::generate(Algorithm::ES256)?.to_jwk();
    Ok((key.to_pem()?.to_string(), key.public()?.to_pem()?.to_string()))
}

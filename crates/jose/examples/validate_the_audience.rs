//! How do I make sure that a token was made for me? The verifier asks for the audience when it is made; it cannot be forgotten.

use jeton_jose::jwt::{Audience, Signer, Verifier};
use jeton_jose::{Algorithm, PrivateKey, Timestamp, VerifyError};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = Timestamp::from_unix(1_800_000_000);
    let key = PrivateKey::generate(Algorithm::ES256)?;
    let issuer = "https://issuer.example";
    let token =
        |aud: Value| Signer::new(&key).sign(&json!({"iss": issuer, "aud": aud, "exp": now.unix() + 300}));

    // One of the token's audiences must be this one, letter by letter.
    let orders = Verifier::new(issuer, "https://orders.example", key.public_key());
    assert!(orders.verify::<Value>(&token(json!("https://orders.example"))?, now).is_ok());
    assert!(orders.verify::<Value>(&token(json!(["billing", "https://orders.example"]))?, now).is_ok());
    for foreign in [json!("https://billing.example"), json!("https://orders.example/"), json!(["orders"])] {
        let refused = orders.verify::<Value>(&token(foreign)?, now).map(drop);
        assert!(matches!(refused, Err(VerifyError::AudienceMismatch { .. })));
    }

    // Who is known by several names says so.
    let renamed = Audience::one_of(["https://orders.example", "https://shop.example/orders"]);
    let orders = Verifier::new(issuer, renamed, key.public_key());
    assert!(orders.verify::<Value>(&token(json!("https://shop.example/orders"))?, now).is_ok());

    // And who means anybody has to write it down.
    let anybody = Verifier::new(issuer, Audience::any(), key.public_key());
    assert!(anybody.verify::<Value>(&token(json!("https://billing.example"))?, now).is_ok());
    Ok(())
}

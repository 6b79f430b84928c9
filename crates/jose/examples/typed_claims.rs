//! How do I read my own claims? Into a struct; the registered ones have been checked by then.

use jeton_jose::jwt::{Signer, Verifier};
use jeton_jose::{Algorithm, SharedSecret, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    exp: Timestamp,
    sub: String,
    roles: Vec<String>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = Timestamp::from_unix(1_800_000_000);
    let secret = SharedSecret::generate(Algorithm::HS256)?;
    let claims = Claims {
        iss: "https://issuer.example".into(),
        aud: "api".into(),
        exp: now.saturating_add(std::time::Duration::from_secs(300)),
        sub: "ada".into(),
        roles: vec!["admin".into()],
    };
    let token = Signer::new(&secret).typ("at+jwt").sign(&claims)?;
    let verifier = Verifier::new("https://issuer.example", "api", secret).typ("at+jwt").require("sub");
    let verified = verifier.verify::<Claims>(&token, now)?;
    assert_eq!(verified.claims().roles, ["admin"]);
    assert_eq!(verified.registered().exp(), Some(claims.exp));
    Ok(())
}

//! How does somebody show a part of a credential only? With SD-JWT: the issuer hides claims behind digests, the holder shows some of
//! them, and proves that the credential is theirs.

use jeton_jose::jwt::{Audience, Signer, Verifier};
use jeton_jose::sd_jwt::{Presentation, SdJwtIssuer, SdJwtVerifier};
use jeton_jose::{Algorithm, PrivateKey, Timestamp};
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = Timestamp::from_unix(1_800_000_000);
    let issuer = PrivateKey::generate(Algorithm::ES256)?;
    let holder = PrivateKey::generate(Algorithm::ES256)?;

    let claims = json!({
        "iss": "https://town.example", "exp": now.unix() + 31_536_000, "vct": "https://town.example/resident",
        "name": "Ada", "birthdate": "1815-12-10", "address": {"street": "12 St James's Square", "town": "London"},
    });
    let issued = SdJwtIssuer::new(Signer::new(&issuer).typ("dc+sd-jwt"))
        .bind_to(&holder.to_jwk())?
        .hide("/name")
        .hide("/birthdate")
        .hide("/address/street")
        .decoys(2)
        .issue(claims.as_object().ok_or("an object")?)?;

    // A shop needs to know the street, and nothing else.
    let shown = Presentation::parse(&issued)?.show(|name, _| name == Some("street")).bound(
        &holder,
        "https://shop.example",
        "nonce-of-the-shop",
        now,
    )?;

    let verifier =
        Verifier::new("https://town.example", Audience::any(), issuer.public_key()).typ("dc+sd-jwt");
    let verified = SdJwtVerifier::new(verifier).verify_bound(
        &shown,
        "https://shop.example",
        "nonce-of-the-shop",
        now,
    )?;
    assert_eq!(verified.claims()["address"], json!({"street": "12 St James's Square", "town": "London"}));
    assert!(!verified.claims().contains_key("name") && !verified.claims().contains_key("birthdate"));
    Ok(())
}

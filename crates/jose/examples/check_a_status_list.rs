//! How do I see that a token has been revoked, without asking for each one? Look it up in the issuer's status list.

use std::time::Duration;

use jeton_jose::jwt::{Signer, Verifier};
use jeton_jose::status_list::{
    Bits, Status, StatusClaim, StatusList, StatusListClaims, StatusListVerifier, StatusReference,
};
use jeton_jose::{Algorithm, PrivateKey, Timestamp};
use serde::{Deserialize, Serialize};

const ISSUER: &str = "https://issuer.example";
const LIST: &str = "https://issuer.example/status/1";

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    exp: Timestamp,
    status: StatusClaim,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = Timestamp::from_unix(1_800_000_000);
    let key = PrivateKey::generate(Algorithm::ES256)?;

    // The issuer numbers its tokens. This one has the place 4711.
    let claims = Claims {
        iss: ISSUER.into(),
        aud: "api".into(),
        exp: now.saturating_add(Duration::from_secs(86_400)),
        status: StatusReference::new(LIST, 4711).into(),
    };
    let token = Signer::new(&key).sign(&claims)?;

    // It is revoked, and the issuer publishes the list anew.
    let mut list = StatusList::new(Bits::One, 1_000_000);
    list.set(4711, Status::Invalid)?;
    let published = StatusListClaims::new(LIST, &list, now, Duration::from_secs(3600))
        .iss(ISSUER)
        .ttl(Duration::from_secs(300))
        .sign(&key)?;
    assert!(published.len() < 2000, "a million statuses, of which few are set, compress well");

    // An API verifies the token, and fetches the list that it names.
    let verified = Verifier::new(ISSUER, "api", key.public_key()).verify::<Claims>(&token, now)?;
    let place = &verified.claims().status.status_list;
    let list = StatusListVerifier::new(ISSUER, key.public_key()).verify(&published, &place.uri, now)?;
    assert_eq!(list.status(place, now)?, Status::Invalid);

    // It keeps the list for as long as it may.
    assert_eq!(list.fetch_again_at(now), Some(now.saturating_add(Duration::from_secs(300))));
    let late = now.saturating_add(Duration::from_secs(3600 + 30));
    assert_eq!(list.status(place, late).map_err(|error| error.code()).err(), Some("token_expired"));
    Ok(())
}

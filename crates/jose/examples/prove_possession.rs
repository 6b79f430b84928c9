//! How do I make a stolen access token useless? Bind it to a key of the client's, which proves with each request that it has the key
//! (DPoP, RFC 9449).

use std::collections::HashSet;

use jeton_jose::dpop::{ProofVerifier, Prover, Request};
use jeton_jose::{Algorithm, PrivateKey, Timestamp};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = Timestamp::from_unix(1_800_000_000);
    let uri = "https://api.example/orders";

    // The client makes a key, which never leaves it. The token it got says `"cnf": {"jkt": THUMBPRINT}`.
    let prover = Prover::new(&PrivateKey::generate(Algorithm::ES256)?)?;
    let (access_token, jkt) = ("an.access.token", prover.thumbprint());
    let proof = prover.prove(&Request::new("POST", uri).access_token(access_token), now)?;

    // The API compares method, URI, token and key, and remembers the proof for as long as it could be sent again.
    let verifier = ProofVerifier::new();
    let mut seen = HashSet::new();
    let request = Request::new("POST", uri).access_token(access_token).bound_to(jkt);
    let verified = verifier.verify(&proof, &request, now)?;
    assert!(seen.insert(verified.replay_id()), "the first time");
    assert!(verified.remember_until() > now);

    // Sent again, it is still a good proof; that it was seen before is what tells.
    let again = verifier.verify(&proof, &request, now)?;
    assert!(!seen.insert(again.replay_id()), "the second time");

    // A thief who has token and proof can use neither elsewhere.
    for (elsewhere, code) in [
        (Request::new("DELETE", uri).access_token(access_token), "dpop_method_mismatch"),
        (Request::new("POST", "https://api.example/users").access_token(access_token), "dpop_uri_mismatch"),
        (Request::new("POST", uri).access_token("another.access.token"), "dpop_access_token_mismatch"),
    ] {
        assert_eq!(verifier.verify(&proof, &elsewhere, now).map_err(|error| error.code()).err(), Some(code));
    }
    // Nor make another proof.
    let thief = Prover::new(&PrivateKey::generate(Algorithm::ES256)?)?;
    let forged = thief.prove(&request, now)?;
    assert_eq!(
        verifier.verify(&forged, &request, now).map_err(|error| error.code()).err(),
        Some("dpop_key_mismatch")
    );
    Ok(())
}

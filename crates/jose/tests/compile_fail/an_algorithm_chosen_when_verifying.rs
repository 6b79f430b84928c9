use jeton_jose::jwt::Verifier;
use jeton_jose::{Algorithm, PrivateKey, Timestamp};

fn main() {
    let public = PrivateKey::generate(Algorithm::ES256).unwrap().public_key();
    let verifier = Verifier::new("issuer", "audience", public);
    let _ = verifier.verify::<()>("token", Algorithm::HS256, Timestamp::MIN);
}

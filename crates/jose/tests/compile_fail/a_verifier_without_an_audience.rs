use jeton_jose::jwt::Verifier;
use jeton_jose::{Algorithm, PrivateKey};

fn main() {
    let public = PrivateKey::generate(Algorithm::ES256).unwrap().public_key();
    let _ = Verifier::new("issuer", public);
}

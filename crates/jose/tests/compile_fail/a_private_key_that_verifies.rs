use jeton_jose::jwt::Verifier;
use jeton_jose::{Algorithm, PrivateKey};

fn main() {
    let private = PrivateKey::generate(Algorithm::ES256).unwrap();
    let _ = Verifier::new("issuer", "audience", private);
}

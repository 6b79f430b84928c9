use jeton_jose::jwt::Signer;
use jeton_jose::{Algorithm, PrivateKey};

fn main() {
    let public = PrivateKey::generate(Algorithm::ES256).unwrap().public_key();
    let _ = Signer::new(public);
}

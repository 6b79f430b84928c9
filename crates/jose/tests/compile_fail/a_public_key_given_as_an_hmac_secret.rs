use jeton_jose::{Algorithm, PrivateKey, SharedSecret};

fn main() {
    let public = PrivateKey::generate(Algorithm::RS256).unwrap().public_key();
    let _ = SharedSecret::new(Algorithm::HS256, &public);
}

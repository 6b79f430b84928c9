use jeton_jose::{Algorithm, PrivateKey};

fn main() {
    let _ = PrivateKey::generate(Algorithm::None);
}

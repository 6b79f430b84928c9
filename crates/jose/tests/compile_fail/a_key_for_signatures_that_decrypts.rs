use jeton_jose::jwe::Decrypter;
use jeton_jose::{Algorithm, PrivateKey};

fn main() {
    let key = PrivateKey::generate(Algorithm::RS256).unwrap();
    let _ = Decrypter::new([key]);
}

use jeton_jose::{Algorithm, SharedSecret};

fn main() {
    let secret = SharedSecret::generate(Algorithm::HS256).unwrap();
    println!("{secret}");
}

use jeton_jose::jwe::Decrypter;
use jeton_jose::jwt::Verified;

fn admit(_: &Verified<()>) {}

fn decrypt(decrypter: &Decrypter, token: &str) {
    let decrypted = decrypter.decrypt(token).unwrap();
    admit(&decrypted);
}

fn main() {}

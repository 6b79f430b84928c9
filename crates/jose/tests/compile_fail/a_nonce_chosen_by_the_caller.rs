use jeton_jose::jwe::Encrypter;

fn encrypt(encrypter: Encrypter) {
    let _ = encrypter.nonce([0; 12]).encrypt(b"text");
}

fn main() {}

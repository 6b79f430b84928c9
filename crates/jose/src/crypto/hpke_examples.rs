//! The examples of RFC 9180 appendix A, base mode, first text each. There is none for P-384: that KEM is tested with the
//! example of the JOSE draft.

#![expect(clippy::unwrap_used, reason = "what a test assumes fails the test")]

use super::{AgreementCurve, AgreementKey, HpkeAead, HpkeAlgorithms, PeerKey};
use crate::vectors::hex;

struct Example {
    algorithms: HpkeAlgorithms,
    ephemeral: &'static str,
    recipient: &'static str,
    encapsulated: &'static str,
    shared_secret: &'static str,
    base_nonce: &'static str,
    ciphertext: &'static str,
}

/// "Ode on a Grecian Urn", "Count-0", and "Beauty is truth, truth beauty".
const INFO: &str = "4f6465206f6e2061204772656369616e2055726e";
const AAD: &str = "436f756e742d30";
const PLAINTEXT: &str = "4265617574792069732074727574682c20747275746820626561757479";

fn check(example: &Example) {
    let Example { algorithms, .. } = *example;
    let ephemeral = AgreementKey::new(algorithms.curve, &hex(example.ephemeral)).unwrap();
    let recipient = AgreementKey::new(algorithms.curve, &hex(example.recipient)).unwrap();
    let public = recipient.public().unwrap();
    let peer = PeerKey::new(algorithms.curve, &public).unwrap();
    let (info, aad) = (hex(INFO), hex(AAD));

    let agreed = algorithms.agree(&ephemeral, &peer).unwrap();
    let shared = algorithms.shared_secret(&agreed, &hex(example.encapsulated), &public).unwrap();
    assert_eq!(*shared, hex(example.shared_secret));
    assert_eq!(algorithms.context(&shared, &info).unwrap().nonce.as_slice(), hex(example.base_nonce));

    let mut text = hex(PLAINTEXT);
    let encapsulated = algorithms.seal(&ephemeral, &peer, &info, &aad, &mut text).unwrap();
    assert_eq!((encapsulated, &text), (hex(example.encapsulated), &hex(example.ciphertext)));

    let own = (&recipient, public.as_slice());
    let mut changed = text.clone();
    changed[0] ^= 1;
    assert!(algorithms.open(own, &hex(example.encapsulated), &info, &aad, &mut changed).is_err());
    let len = algorithms.open(own, &hex(example.encapsulated), &info, &aad, &mut text).unwrap();
    assert_eq!(text[..len], hex(PLAINTEXT));
}

#[test]
fn rfc9180_a1_x25519_with_aes128() {
    check(&Example {
        algorithms: HpkeAlgorithms { curve: AgreementCurve::X25519, aead: HpkeAead::Aes128Gcm },
        ephemeral: "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736",
        recipient: "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
        encapsulated: "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
        shared_secret: "fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc",
        base_nonce: "56d890e5accaaf011cff4b7d",
        ciphertext: "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
    });
}

#[test]
fn rfc9180_a2_x25519_with_chacha20() {
    check(&Example {
        algorithms: HpkeAlgorithms { curve: AgreementCurve::X25519, aead: HpkeAead::ChaCha20Poly1305 },
        ephemeral: "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600",
        recipient: "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
        encapsulated: "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
        shared_secret: "0bbe78490412b4bbea4812666f7916932b828bba79942424abb65244930d69a7",
        base_nonce: "5c4d98150661b848853b547f",
        ciphertext: "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
    });
}

#[test]
fn rfc9180_a3_p256_with_aes128() {
    check(&Example {
        algorithms: HpkeAlgorithms { curve: AgreementCurve::P256, aead: HpkeAead::Aes128Gcm },
        ephemeral: "4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb",
        recipient: "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2",
        encapsulated: "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
        shared_secret: "c0d26aeab536609a572b07695d933b589dcf363ff9d93c93adea537aeabb8cb8",
        base_nonce: "4e0bc5018beba4bf004cca59",
        ciphertext: "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434",
    });
}

#[test]
fn rfc9180_a6_p521_with_aes256() {
    check(&Example {
        algorithms: HpkeAlgorithms { curve: AgreementCurve::P521, aead: HpkeAead::Aes256Gcm },
        ephemeral: "014784c692da35df6ecde98ee43ac425dbdd0969c0c72b42f2e708ab9d535415a8569bdacfcc0a114c85b8e3f26acf4d68115f8c91a66178cdbd03b7bcc5291e374b",
        recipient: "01462680369ae375e4b3791070a7458ed527842f6a98a79ff5e0d4cbde83c27196a3916956655523a6a2556a7af62c5cadabe2ef9da3760bb21e005202f7b2462847",
        encapsulated: "040138b385ca16bb0d5fa0c0665fbbd7e69e3ee29f63991d3e9b5fa740aab8900aaeed46ed73a49055758425a0ce36507c54b29cc5b85a5cee6bae0cf1c21f2731ece2013dc3fb7c8d21654bb161b463962ca19e8c654ff24c94dd2898de12051f1ed0692237fb02b2f8d1dc1c73e9b366b529eb436e98a996ee522aef863dd5739d2f29b0",
        shared_secret: "776ab421302f6eff7d7cb5cb1adaea0cd50872c71c2d63c30c4f1d5e43653336fef33b103c67e7a98add2d3b66e2fda95b5b2a667aa9dac7e59cc1d46d30e818",
        base_nonce: "55ff7a7d739c69f44b25447b",
        ciphertext: "170f8beddfe949b75ef9c387e201baf4132fa7374593dfafa90768788b7b2b200aafcc6d80ea4c795a7c5b841a",
    });
}

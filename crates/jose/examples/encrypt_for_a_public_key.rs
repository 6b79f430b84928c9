//! How do I send something that only its recipient can read, and know whom it is from? Sign it, then encrypt it.

use jeton_jose::jwe::{ContentEncryption, Decrypter, DecryptionKey, Encrypter, KeyManagement, RecipientKey};
use jeton_jose::jwt::{Signer, Verifier};
use jeton_jose::nested::{NestedSigner, NestedVerifier};
use jeton_jose::{Algorithm, Jwk, PrivateKey, Timestamp};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = Timestamp::from_unix(1_800_000_000);
    let sender = PrivateKey::generate(Algorithm::ES256)?;
    // A key on P-256 is for signatures or for agreement, never both: this one is the recipient's for agreement.
    let recipient = Jwk::from_der(&PrivateKey::generate(Algorithm::ES256)?.to_jwk().to_der()?)?;
    let alg = KeyManagement::EcdhEsA256Kw;

    let encrypter =
        Encrypter::new(ContentEncryption::A256Gcm, RecipientKey::from_jwk_for(alg, &recipient.public()?)?);
    let claims = json!({"iss": "sender", "aud": "recipient", "exp": now.unix() + 300, "amount": 12});
    let token = NestedSigner::new(Signer::new(&sender), encrypter).sign(&claims)?;

    let decrypter = Decrypter::new([DecryptionKey::from_jwk_for(alg, &recipient)?]);
    let verifier = Verifier::new("sender", "recipient", sender.public_key());
    let verified = NestedVerifier::new(decrypter, verifier).verify::<Value>(&token, now)?;
    assert_eq!(verified.claims()["amount"], 12);
    Ok(())
}

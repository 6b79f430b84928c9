//! How do I trust a key that comes with the token? By its certificates: they must lead to a root that I was given, and be for
//! the name that I expect.

use jeton_jose::x509::{CertificateChain, CertificateName, TrustRoots, Verifier};
use jeton_jose::{Algorithm, PrivateKey, Timestamp, jwt};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = Timestamp::from_unix(1_800_000_000); // from your clock

    // Somebody certifies the signer's key. This is done elsewhere: by your own authority, with its own tools.
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let signer = KeyPair::generate()?;
    let certificate =
        CertificateParams::new(["issuer.example".to_owned()])?.signed_by(&signer, &authority)?;

    // The signer sends the certificate along. Without `certificates` it would send `kid` at most.
    let key = PrivateKey::from_der(Algorithm::ES256, signer.serialized_der())?;
    let chain = CertificateChain::from_der([certificate.der().to_vec()])?;
    let claims = json!({"iss": "https://issuer.example", "aud": "api", "exp": now.unix() + 300});
    let token = jwt::Signer::new(key).certificates(&chain)?.sign(&claims)?;

    // The verifier knows nothing but the root and the name.
    let roots = TrustRoots::from_der([authority.der().to_vec()])?;
    let certificates = Verifier::new(roots, CertificateName::dns("issuer.example"), [Algorithm::ES256]);
    let key = certificates.key_of(&token, now)?;
    let verified = jwt::Verifier::new("https://issuer.example", "api", key).verify::<Value>(&token, now)?;
    assert_eq!(verified.claims()["aud"], "api");
    Ok(())
}

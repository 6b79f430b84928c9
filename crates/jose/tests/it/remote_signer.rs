//! Keys that are elsewhere.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA384, RsaKeyPair,
};
use jeton_jose::jwt::Verifier;
use jeton_jose::remote_signer::{
    Message, RemoteError, RemoteFuture, RemoteJwsSigner, RemoteJwtSigner, RemoteSignError, RemoteSigner,
    Signature,
};
use jeton_jose::{Algorithm, PrivateKey, PublicKey, Timestamp, jws};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// A service that is always ready, and which this process plays itself.
#[derive(Debug)]
struct Service {
    key: PrivateKey,
    public: PublicKey,
    fault: Fault,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    Unreachable,
    OtherKey,
    Der,
    Empty,
    OtherMessage,
}

impl Service {
    fn new(algorithm: Algorithm, fault: Fault) -> Self {
        let key = PrivateKey::generate(algorithm).unwrap().with_kid("hsm-1");
        let public = key.public_key();
        Self { key, public, fault }
    }

    /// As KMS do: DER for ECDSA.
    fn raw(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        let (key, other) = (&self.key, PrivateKey::generate(algorithm).unwrap());
        let key = if self.fault == Fault::OtherKey { &other } else { key };
        let der = key.to_jwk().to_der().unwrap();
        let random = SystemRandom::new();
        let curve = match algorithm {
            Algorithm::ES256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
            Algorithm::ES384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
            Algorithm::ES512 => &ECDSA_P521_SHA512_ASN1_SIGNING,
            Algorithm::Ed25519 => {
                return Ed25519KeyPair::from_pkcs8(&der).unwrap().sign(message).as_ref().to_vec();
            }
            rsa => {
                let pair = RsaKeyPair::from_pkcs8(&der).unwrap();
                let mut signature = vec![0; pair.public_modulus_len()];
                let padding: &dyn aws_lc_rs::signature::RsaEncoding =
                    if rsa == Algorithm::PS384 { &RSA_PSS_SHA384 } else { &RSA_PKCS1_SHA256 };
                pair.sign(padding, &random, message, &mut signature).unwrap();
                return signature;
            }
        };
        EcdsaKeyPair::from_pkcs8(curve, &der).unwrap().sign(&random, message).unwrap().as_ref().to_vec()
    }
}

impl RemoteSigner for Service {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign<'a>(&'a self, message: Message<'a>) -> RemoteFuture<'a, Signature> {
        Box::pin(async move {
            let algorithm = message.algorithm();
            match self.fault {
                Fault::Unreachable => Err(std::io::Error::other("no route to the HSM at 10.0.0.7"))?,
                Fault::Empty => return Ok(Signature::from_bytes([])),
                Fault::OtherMessage => return Ok(Signature::from_bytes(self.raw(algorithm, b"x"))),
                _ => {}
            }
            let signature = self.raw(algorithm, message.bytes());
            if self.fault == Fault::Der || !algorithm.as_str().starts_with("ES") {
                Ok(Signature::from_bytes(signature))
            } else {
                Ok(Signature::from_der(algorithm, &signature)?)
            }
        })
    }
}

/// Drives a future that never has to wait.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

const ALGORITHMS: [Algorithm; 6] = [
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::ES512,
    Algorithm::RS256,
    Algorithm::PS384,
    Algorithm::Ed25519,
];

#[test]
fn tokens_signed_elsewhere_verify_like_any_other() {
    let claims = json!({"iss": "i", "aud": "a", "exp": NOW.unix() + 60});
    for algorithm in ALGORITHMS {
        let service = Arc::new(Service::new(algorithm, Fault::None));
        let signer = RemoteJwtSigner::new(service.clone()).typ("at+jwt").header("x", &1).unwrap();
        let token = ready(signer.sign(&claims)).unwrap();
        let verifier = Verifier::new("i", "a", service.public_key()).typ("at+jwt");
        let verified = verifier.verify::<Value>(&token, NOW).unwrap();
        assert_eq!((verified.kid(), verified.claims()), (Some("hsm-1"), &claims), "{algorithm}");
        assert_eq!(signer.signer().public_key().algorithm(), algorithm);
    }
}

#[test]
fn bytes_signed_elsewhere_verify_in_every_form() {
    let service = Arc::new(Service::new(Algorithm::ES256, Fault::None));
    let signer = RemoteJwsSigner::new(service.clone()).typ("x").cty("y");
    let verifier = jws::Verifier::new(service.public_key()).typ("x");
    let compact = verifier.verify(&ready(signer.sign(b"text")).unwrap()).unwrap();
    assert_eq!((compact.payload(), compact.cty()), (&b"text"[..], Some("y")));
    assert!(verifier.verify_detached(&ready(signer.sign_detached(b"text")).unwrap(), b"text").is_ok());
    assert!(verifier.verify_json(&ready(signer.sign_flattened(b"text")).unwrap()).is_ok());
}

#[test]
fn a_header_is_the_same_wherever_the_key_is() {
    let service = Arc::new(Service::new(Algorithm::Ed25519, Fault::None));
    let claims = json!({"iss": "i"});
    let local = jeton_jose::jwt::Signer::new(&service.key).sign(&claims).unwrap();
    assert_eq!(ready(RemoteJwtSigner::new(service.clone()).sign(&claims)).unwrap(), local);
    let bare = jeton_jose::jwt::Signer::new(&service.key).without_typ().sign(&claims).unwrap();
    assert_eq!(ready(RemoteJwtSigner::new(service).without_typ().sign(&claims)).unwrap(), bare);
}

#[test]
fn a_signature_that_does_not_verify_is_not_handed_out() {
    for fault in [Fault::OtherKey, Fault::Der, Fault::Empty, Fault::OtherMessage] {
        for algorithm in ALGORITHMS {
            if fault == Fault::Der && !algorithm.as_str().starts_with("ES") {
                continue;
            }
            let signer = RemoteJwtSigner::new(Arc::new(Service::new(algorithm, fault)));
            let error = ready(signer.sign(&json!({"iss": "i"}))).unwrap_err();
            assert!(matches!(error, RemoteSignError::SignatureInvalid), "{algorithm} {fault:?}");
            assert_eq!(error.code(), "remote_signature_invalid");
        }
    }
}

#[test]
fn a_signer_that_fails_says_so_and_why_is_its_source() {
    let signer = RemoteJwtSigner::new(Arc::new(Service::new(Algorithm::ES256, Fault::Unreachable)));
    let error = ready(signer.sign(&json!({"iss": "i"}))).unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        ("remote_signer_failed", "the remote signer failed")
    );
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "no route to the HSM at 10.0.0.7");
    assert_eq!(RemoteError::new("a text").reason().to_string(), "a text");
}

#[test]
fn what_cannot_be_signed_is_refused_before_anybody_is_asked() {
    let signer = RemoteJwtSigner::new(Arc::new(Service::new(Algorithm::ES256, Fault::Unreachable)));
    assert_eq!(ready(signer.sign(&json!([1]))).unwrap_err().code(), "claims_not_serialisable");
    let mut service = Service::new(Algorithm::ES256, Fault::Unreachable);
    service.public = service.public.with_kid("x".repeat(257));
    let signer = RemoteJwtSigner::new(Arc::new(service));
    assert_eq!(ready(signer.sign(&json!({}))).unwrap_err().code(), "key_kid_too_long");
}

#[test]
fn the_der_of_an_ecdsa_signature_is_read_strictly() {
    let der = |hex: &str| Signature::from_der(Algorithm::ES256, &crate::vectors::hex(hex));
    let short = der("3006020101020102").unwrap();
    let mut wanted = [0; 64];
    (wanted[31], wanted[63]) = (1, 2);
    assert_eq!(short.as_bytes(), wanted);
    let one_too_long = format!("30260221{}020101", format_args!("01{}", "00".repeat(32)));
    for malformed in [
        "",
        "30",
        "3000",
        "3003020101",
        "300602010102010200",
        "3009020101020102020103",
        "300702020001020102",
        "3006020181020102",
        "30800201010201020000",
        &one_too_long,
    ] {
        assert!(der(malformed).is_err(), "{malformed}");
    }
    assert!(Signature::from_der(Algorithm::RS256, &crate::vectors::hex("3006020101020102")).is_err());
}

#[test]
fn a_message_is_hashed_as_its_algorithm_wants_it() {
    for (algorithm, len) in [
        (Algorithm::ES256, Some(32)),
        (Algorithm::PS384, Some(48)),
        (Algorithm::ES512, Some(64)),
        (Algorithm::Ed25519, None),
        (Algorithm::MlDsa44, None),
    ] {
        #[derive(Debug)]
        struct Watcher(PublicKey, Option<usize>);
        impl RemoteSigner for Watcher {
            fn public_key(&self) -> &PublicKey {
                &self.0
            }

            fn sign<'a>(&'a self, message: Message<'a>) -> RemoteFuture<'a, Signature> {
                assert_eq!(message.digest().map(|digest| digest.len()), self.1);
                assert!(!format!("{message:?}").contains("ey"), "a message shows its length only");
                Box::pin(async { Err(RemoteError::new("seen")) })
            }
        }
        let watcher = Watcher(PrivateKey::generate(algorithm).unwrap().public_key(), len);
        assert!(ready(RemoteJwsSigner::new(Arc::new(watcher)).sign(b"text")).is_err());
    }
}

//! Certificates. The input is certificates in DER, one after the other, or a PEM text. A chain is written and read again as the
//! same, in PEM, in a key and in a token's header; the key that is taken from a certificate stands in it; and no chain
//! leads to the root of the seeds but for the one key that its authority certified.
#![no_main]

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jeton_fuzz::{keys, second_opinion, token};
use jeton_jose::x509::{CertificateChain, CertificateName, TrustRoots, Verifier};
use jeton_jose::{Algorithm, Jwk, PublicKey, Timestamp};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

const NOW: Timestamp = Timestamp::from_unix(keys::NOW);
/// A certificate for a key, and the one of the authority between it and the root.
const GOOD: &[u8] = include_bytes!("../seeds/certificate/chain");
const ROOT: &[u8] = include_bytes!("../seeds/certificate/root");

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let roots = TrustRoots::from_der([ROOT]).expect("it is one");
    Verifier::new(roots, CertificateName::dns("issuer.example"), [Algorithm::ES256]).max_len(1 << 20)
});
static CERTIFIED: LazyLock<String> = LazyLock::new(|| {
    let chain = CertificateChain::from_der(elements(GOOD)).expect("it is one");
    let key = VERIFIER.verify(&chain, Algorithm::ES256, NOW).expect("it leads to the root");
    key.to_jwk().thumbprint()
});

fuzz_target!(|data: &[u8]| {
    let list = elements(data);
    if let Ok(chain) = CertificateChain::from_der(list.iter().copied()) {
        assert!(chain.der().eq(list.iter().copied()), "nothing is changed");
        check(&chain);
    }
    if let Ok(chain) = std::str::from_utf8(data)
        .map_err(drop)
        .and_then(|text| CertificateChain::from_pem(text).map_err(drop))
    {
        check(&chain);
    }
});

fn check(chain: &CertificateChain) {
    let all: Vec<&[u8]> = chain.der().collect();
    let first = all.first().expect("there is one at least");
    assert_eq!(chain.thumbprint(), token::encode(token::sha256(first)));
    let again = CertificateChain::from_pem(&pem(&all)).expect("what was written is read");
    assert!(again.der().eq(all.iter().copied()), "the same chain from PEM");

    let key = Jwk::from_der(first).expect("a certificate is read as its key");
    assert!(key.is_public());
    let info = key.to_der().expect("it is asymmetric");
    assert!(
        first.windows(info.len()).any(|part| part == info.as_slice()),
        "the key stands in the certificate"
    );
    let with = key.clone().with_certificates(chain.clone()).expect("it is for its key");
    assert_eq!(with.thumbprint(), key.thumbprint());
    let written = with.to_json();
    second_opinion::agreed(written.as_bytes());
    let read = Jwk::parse(written.as_bytes()).expect("what was written is read");
    assert_eq!(read.to_json(), written);
    assert!(read.certificates().expect("they were written").der().eq(all.iter().copied()));

    let verified = VERIFIER.verify(chain, Algorithm::ES256, NOW);
    if let Ok(key) = &verified {
        assert_eq!(key.to_jwk().thumbprint(), *CERTIFIED, "the authority has certified one key only");
        let again = PublicKey::from_der(Algorithm::ES256, first).expect("it was just taken");
        assert_eq!(
            again.to_jwk().thumbprint(),
            *CERTIFIED,
            "one reader takes the key that the other verified"
        );
    }
    let x5c: Vec<String> = all.iter().map(|der| STANDARD.encode(der)).collect();
    let header = json!({"alg": "ES256", "x5c": x5c}).to_string();
    if header.len() <= 8 * 1024 {
        let carried = VERIFIER.key_of(&token::signed(header.as_bytes(), b"{}"), NOW);
        assert_eq!(carried.is_ok(), verified.is_ok(), "in a header it is the same: {:?}", carried.err());
    }
}

/// The DER elements that stand one after the other; what is left at the end is the last of them.
fn elements(mut der: &[u8]) -> Vec<&[u8]> {
    let mut out = vec![];
    while !der.is_empty() && out.len() < 10 {
        let len = match der {
            [_, len @ ..=0x7f, ..] => 2 + usize::from(*len),
            [_, 0x81, len, ..] => 3 + usize::from(*len),
            [_, 0x82, high, low, ..] => 4 + usize::from(*high) * 256 + usize::from(*low),
            _ => der.len(),
        };
        let (one, rest) = der.split_at(len.min(der.len()));
        out.push(one);
        der = rest;
    }
    out
}

fn pem(certificates: &[&[u8]]) -> String {
    let block = |der: &&[u8]| {
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der))
    };
    certificates.iter().map(block).collect()
}

//! Certificates for tests: an authority that certifies what it is told to.

use jeton_jose::x509::{CertificateChain, TrustRoots};
use jeton_jose::{Algorithm, PrivateKey};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256,
    SignatureAlgorithm,
};

/// Somebody who certifies keys.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn root(name: &str) -> Self {
        Self(CertifiedIssuer::self_signed(authority(name), KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn intermediate(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = authority(name);
        change(&mut params);
        Self(CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), &self.0).unwrap())
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        self.0.der().to_vec()
    }

    pub(crate) fn trusted(&self) -> TrustRoots {
        TrustRoots::from_der([self.der()]).unwrap()
    }

    /// A certificate for `issuer.example`, unless changed, and its key.
    pub(crate) fn certify(&self, change: impl FnOnce(&mut CertificateParams)) -> Certified {
        self.certify_key(&PKCS_ECDSA_P256_SHA256, Algorithm::ES256, change)
    }

    pub(crate) fn certify_key(
        &self,
        kind: &'static SignatureAlgorithm,
        algorithm: Algorithm,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Certified {
        let mut params = CertificateParams::new(["issuer.example".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "signer");
        change(&mut params);
        let key = KeyPair::generate_for(kind).unwrap();
        let der = params.signed_by(&key, &self.0).unwrap().der().to_vec();
        Certified { key: PrivateKey::from_der(algorithm, key.serialized_der()).unwrap(), der }
    }
}

/// A key and its certificate.
pub(crate) struct Certified {
    pub(crate) key: PrivateKey,
    pub(crate) der: Vec<u8>,
}

impl Certified {
    pub(crate) fn chain(&self) -> CertificateChain {
        self.chain_through(&[])
    }

    pub(crate) fn chain_through(&self, authorities: &[&Authority]) -> CertificateChain {
        let others = authorities.iter().map(|authority| authority.der());
        CertificateChain::from_der([self.der.clone()].into_iter().chain(others)).unwrap()
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// Plain base64 with padding, as `x5c` and PEM have it.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut text = jeton_jose::base64url::encode(bytes).replace('-', "+").replace('_', "/");
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let body = base64(der);
    let lines: Vec<_> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

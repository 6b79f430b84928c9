//! Writing the JSON of a key.

use serde::Serialize;
use zeroize::Zeroizing;

use super::{Jwk, KeyOperation};
use crate::base64url;
use crate::curve::Curve;
use crate::material::{Material, Private, Public};

/// The value of a member: text, wiped when dropped, or the list of operations.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum MemberValue {
    Text(Zeroed),
    List(Vec<String>),
}

/// Text that may be secret.
pub(super) struct Zeroed(Zeroizing<String>);

impl Serialize for Zeroed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

pub(super) fn kty(material: &Material) -> &'static str {
    match material {
        Material::Public(Public::Rsa { .. }) | Material::Private(Private::Rsa { .. }) => "RSA",
        Material::Public(Public::Ec { .. }) | Material::Private(Private::Ec { .. }) => "EC",
        Material::Public(Public::Okp { .. }) | Material::Private(Private::Okp { .. }) => "OKP",
        Material::Public(Public::Akp { .. }) | Material::Private(Private::Akp { .. }) => "AKP",
        Material::Secret(_) => "oct",
    }
}

pub(super) fn crv(material: &Material) -> Option<&'static str> {
    match material {
        Material::Public(Public::Ec { curve, .. }) | Material::Private(Private::Ec { curve, .. }) => {
            Some(curve.name())
        }
        Material::Public(Public::Okp { curve, .. }) | Material::Private(Private::Okp { curve, .. }) => {
            Some(curve.name())
        }
        _ => None,
    }
}

/// All members, private ones last.
pub(super) fn members(jwk: &Jwk) -> Vec<(&'static str, MemberValue)> {
    let mut out = Members(vec![]);
    out.text("kty", kty(&jwk.material));
    if let Some(key_use) = &jwk.key_use {
        out.text("use", key_use.as_str());
    }
    if let Some(operations) = &jwk.key_ops {
        let names = operations.iter().map(|operation: &KeyOperation| operation.as_str().to_owned()).collect();
        out.0.push(("key_ops", MemberValue::List(names)));
    }
    if let Some(alg) = &jwk.alg {
        out.text("alg", alg);
    } else if let Material::Public(Public::Akp { algorithm, .. })
    | Material::Private(Private::Akp { algorithm, .. }) = &jwk.material
    {
        // RFC 9964: an AKP key is nothing without it.
        out.text("alg", algorithm.as_str());
    }
    if let Some(kid) = &jwk.kid {
        out.text("kid", kid);
    }
    #[cfg(feature = "x509")]
    {
        if let Some(chain) = &jwk.certificates.chain {
            out.0.push(("x5c", MemberValue::List(chain.x5c())));
        }
        if let Some(thumbprint) = &jwk.certificates.thumbprint {
            out.text("x5t#S256", thumbprint);
        }
    }
    match &jwk.material {
        Material::Public(key) => out.public(key),
        Material::Private(key) => {
            out.public(&key.public());
            out.private(key);
        }
        Material::Secret(secret) => out.bytes("k", secret),
    }
    out.0
}

pub(super) fn json(jwk: &Jwk) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::from("{"));
    for (index, (name, value)) in members(jwk).iter().enumerate() {
        if index != 0 {
            out.push(',');
        }
        let value = Zeroizing::new(serde_json::to_string(value).expect("strings serialise"));
        out.push('"');
        out.push_str(name);
        out.push_str("\":");
        out.push_str(&value);
    }
    out.push('}');
    out
}

struct Members(Vec<(&'static str, MemberValue)>);

impl Members {
    fn text(&mut self, name: &'static str, text: &str) {
        self.0.push((name, MemberValue::Text(Zeroed(Zeroizing::new(text.to_owned())))));
    }

    fn bytes(&mut self, name: &'static str, bytes: &[u8]) {
        self.0.push((name, MemberValue::Text(Zeroed(Zeroizing::new(base64url::encode(bytes))))));
    }

    fn public(&mut self, key: &Public) {
        match key {
            Public::Rsa { n, e } => {
                self.bytes("n", n);
                self.bytes("e", e);
            }
            Public::Ec { curve, point } => {
                self.text("crv", curve.name());
                let (x, y) = coordinates(*curve, point);
                self.bytes("x", x);
                self.bytes("y", y);
            }
            Public::Okp { curve, x } => {
                self.text("crv", curve.name());
                self.bytes("x", x);
            }
            Public::Akp { public, .. } => self.bytes("pub", public),
        }
    }

    fn private(&mut self, key: &Private) {
        match key {
            Private::Rsa { n, parts, .. } => {
                // RFC 7518 §6.3.2: `d` as long as `n`, the rest without leading zeros.
                let mut d = Zeroizing::new(vec![0; n.len().saturating_sub(parts.d.len())]);
                d.extend_from_slice(&parts.d);
                self.bytes("d", &d);
                self.bytes("p", &parts.p);
                self.bytes("q", &parts.q);
                self.bytes("dp", &parts.dp);
                self.bytes("dq", &parts.dq);
                self.bytes("qi", &parts.qi);
            }
            Private::Ec { scalar, .. } => self.bytes("d", scalar),
            Private::Okp { seed, .. } => self.bytes("d", seed),
            Private::Akp { seed, .. } => self.bytes("priv", seed),
        }
    }
}

/// x and y of an uncompressed point.
pub(super) fn coordinates(curve: Curve, point: &[u8]) -> (&[u8], &[u8]) {
    point
        .split_first()
        .and_then(|(_, rest)| rest.split_at_checked(curve.coordinate_len()))
        .unwrap_or_default()
}

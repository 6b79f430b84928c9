//! Thumbprints (RFC 7638): the hash of a key's required members in alphabetical order.

use super::write::coordinates;
use crate::base64url::encode;
use crate::crypto;
use crate::material::{Material, Public};

pub(super) fn sha256(material: &Material) -> String {
    let json = match material {
        Material::Public(key) => required_members(key),
        Material::Private(key) => required_members(&key.public()),
        Material::Secret(secret) => {
            zeroize::Zeroizing::new(format!(r#"{{"k":"{}","kty":"oct"}}"#, encode(secret.as_slice())))
        }
    };
    encode(crypto::sha256(json.as_bytes()))
}

/// No value needs escaping: names are ours, the rest is base64url.
fn required_members(key: &Public) -> zeroize::Zeroizing<String> {
    zeroize::Zeroizing::new(match key {
        Public::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, encode(e), encode(n)),
        Public::Ec { curve, point } => {
            let (x, y) = coordinates(*curve, point);
            format!(r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#, curve.name(), encode(x), encode(y))
        }
        // RFC 8037 §2.
        Public::Okp { curve, x } => {
            format!(r#"{{"crv":"{}","kty":"OKP","x":"{}"}}"#, curve.name(), encode(x))
        }
        // RFC 9964 §3.
        Public::Akp { algorithm, public } => {
            format!(r#"{{"alg":"{algorithm}","kty":"AKP","pub":"{}"}}"#, encode(public))
        }
    })
}

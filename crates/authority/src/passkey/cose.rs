//! Public keys as authenticators give them (RFC 9052 §7, RFC 9053 §7, RFC 8230 §4).

use jeton_jose::Algorithm;
use jeton_jose::base64url;
use minicbor::Decoder;
use minicbor::data::Type;
use serde_json::json;

use super::PasskeyError;
use super::stored::PasskeyKey;

/// The algorithms that passkeys may have, the preferred ones first, as COSE numbers them.
pub(super) const ALGORITHMS: [(i64, Algorithm); 3] =
    [(-7, Algorithm::ES256), (-8, Algorithm::Ed25519), (-257, Algorithm::RS256)];

const PART: &str = "the public key";

const fn malformed(cause: &'static str) -> PasskeyError {
    PasskeyError::Malformed { part: PART, cause }
}

/// The members of a key that matter here, by their labels.
#[derive(Default)]
struct Members<'b> {
    kty: Option<i64>,
    alg: Option<i64>,
    /// -1: the curve, or the modulus of RSA.
    curve: Option<i64>,
    modulus: Option<&'b [u8]>,
    /// -2: x, or the exponent of RSA.
    x: Option<&'b [u8]>,
    /// -3
    y: Option<&'b [u8]>,
}

const EC2: i64 = 2;
const OKP: i64 = 1;
const RSA: i64 = 3;
const P_256: i64 = 1;
const ED25519: i64 = 6;

/// Reads the key at the decoder's position.
pub(super) fn key(decoder: &mut Decoder<'_>) -> Result<PasskeyKey, PasskeyError> {
    let members = Members::of(decoder)?;
    let number = members.alg.ok_or(malformed("alg is missing"))?;
    let other = || PasskeyError::Algorithm { found: number.to_string().into() };
    let (_, algorithm) = ALGORITHMS.into_iter().find(|(known, _)| *known == number).ok_or_else(other)?;
    let text =
        |bytes: Option<&[u8]>| bytes.map(base64url::encode).ok_or(malformed("a part of it is missing"));
    let jwk = match (algorithm, members.kty, members.curve) {
        (Algorithm::ES256, Some(EC2), Some(P_256)) => {
            json!({"kty": "EC", "crv": "P-256", "x": text(members.x)?, "y": text(members.y)?})
        }
        (Algorithm::Ed25519, Some(OKP), Some(ED25519)) => {
            json!({"kty": "OKP", "crv": "Ed25519", "x": text(members.x)?})
        }
        (Algorithm::RS256, Some(RSA), None) => {
            json!({"kty": "RSA", "n": text(members.modulus)?, "e": text(members.x)?})
        }
        _ => return Err(other()),
    };
    PasskeyKey::new(algorithm, &jwk.to_string()).ok_or(malformed("it is not a valid key"))
}

impl<'b> Members<'b> {
    fn of(decoder: &mut Decoder<'b>) -> Result<Self, PasskeyError> {
        let not_cbor = |_: minicbor::decode::Error| malformed("it is not a map of numbers");
        let mut found = Self::default();
        let members = decoder.map().map_err(not_cbor)?.ok_or(malformed("it does not say how long it is"))?;
        for _ in 0..members {
            let label = decoder.i64().map_err(not_cbor)?;
            let is_bytes = matches!(decoder.datatype(), Ok(Type::Bytes));
            let again = match (label, is_bytes) {
                (1, false) => found.kty.replace(decoder.i64().map_err(not_cbor)?).is_some(),
                (3, false) => found.alg.replace(decoder.i64().map_err(not_cbor)?).is_some(),
                (-1, false) => found.curve.replace(decoder.i64().map_err(not_cbor)?).is_some(),
                (-1, true) => found.modulus.replace(decoder.bytes().map_err(not_cbor)?).is_some(),
                (-2, true) => found.x.replace(decoder.bytes().map_err(not_cbor)?).is_some(),
                (-3, true) => found.y.replace(decoder.bytes().map_err(not_cbor)?).is_some(),
                _ => {
                    decoder.skip().map_err(not_cbor)?;
                    false
                }
            };
            if again {
                return Err(malformed("a member stands in it twice"));
            }
        }
        Ok(found)
    }
}

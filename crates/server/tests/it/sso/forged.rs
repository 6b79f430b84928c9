//! Tokens as an attacker makes them, which `jeton-jose` refuses to make.

use hmac::{Hmac, KeyInit, Mac};
use jeton_jose::base64url;
use serde_json::Value;
use sha2::Sha256;

/// Signed with HMAC by any bytes whatever, a public key among them.
pub(crate) fn hs256(secret: &[u8], claims: &Value) -> String {
    let input = format!(
        "{}.{}",
        base64url::encode(r#"{"alg":"HS256","typ":"JWT"}"#),
        base64url::encode(claims.to_string())
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(input.as_bytes());
    format!("{input}.{}", base64url::encode(mac.finalize().into_bytes()))
}

/// Not signed at all, under this header.
pub(crate) fn unsigned(header: &str, claims: &Value) -> String {
    format!("{}.{}.", base64url::encode(header), base64url::encode(claims.to_string()))
}

//! The clients that a benchmark's authority and floor both know.

use base64_simd::STANDARD;

/// What it is called.
pub const CLIENT_ID: &str = "bench";
/// What one is called that differs in its ID tokens alone: they are signed with RS256, as by default.
pub const RS256_CLIENT_ID: &str = "bench-rs256";
/// What it authenticates with, of the length of those that the authority draws.
pub const CLIENT_SECRET: &str = "c2VjcmV0IG9mIGEgYmVuY2htYXJrLCAyNTYgYml0cy4";
/// Where codes are sent to.
pub const REDIRECT_URI: &str = "https://app.example/callback";
/// What it may ask for when it asks for itself.
pub const OWN_SCOPE: &str = "orders:read orders:write";
/// What it asks for on behalf of a user.
pub const USER_SCOPE: &str = "openid";
/// The verifier of every code (RFC 7636 appendix B).
pub const CODE_VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Its challenge.
pub const CODE_CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// What it finds again in each ID token.
pub const NONCE: &str = "n-0S6_WzA2Mj";

/// The credentials of one of them as the header `Authorization` holds them (RFC 7617 §2).
pub fn basic_credentials(client: &str) -> String {
    let credentials = STANDARD.encode_to_string(format!("{client}:{CLIENT_SECRET}"));
    format!("Basic {credentials}")
}

//! What the floor signs for clients, with the claims that the authority's tokens have.

use aws_lc_rs::digest;
use base64_simd::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::ISSUER;
use super::access_token::{IdTokenKey, LIFETIME, Signer, hex};
use super::session::SessionId;
use crate::client::{CLIENT_ID, NONCE, OWN_SCOPE, USER_SCOPE};
use crate::clock::unix_seconds;

/// What an access token says of a client that asks for itself.
#[derive(Serialize)]
struct ClientClaims<'a> {
    token_type: &'a str,
    exp: u64,
    iat: u64,
    jti: &'a str,
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    client_id: &'a str,
    scope: &'a str,
}

/// What one says of a user at a client.
#[derive(Serialize)]
struct UserClaims<'a> {
    token_type: &'a str,
    exp: u64,
    iat: u64,
    jti: &'a str,
    user_id: &'a str,
    username: &'a str,
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    client_id: &'a str,
    sid: &'a str,
    scope: &'a str,
    auth_time: u64,
}

#[derive(Serialize)]
struct IdTokenClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    azp: &'a str,
    exp: u64,
    iat: u64,
    auth_time: u64,
    nonce: &'a str,
    amr: [&'a str; 1],
    acr: &'a str,
    at_hash: &'a str,
    sid: &'a str,
}

impl Signer {
    /// An access token for the client itself.
    pub(super) fn issue_to_client(&self) -> String {
        let now = unix_seconds();
        self.sign(&ClientClaims {
            token_type: "access",
            exp: now + LIFETIME,
            iat: now,
            jti: &hex(&self.random::<16>()),
            iss: ISSUER,
            aud: ISSUER,
            sub: CLIENT_ID,
            client_id: CLIENT_ID,
            scope: OWN_SCOPE,
        })
    }

    /// The access token and the ID token of a user's session.
    pub(super) fn issue_for_user(&self, user: &str, session: &SessionId, key: IdTokenKey) -> [String; 2] {
        let (now, sid) = (unix_seconds(), hex(session));
        let access_token = self.sign(&UserClaims {
            token_type: "access",
            exp: now + LIFETIME,
            iat: now,
            jti: &hex(&self.random::<16>()),
            user_id: user,
            username: user,
            iss: ISSUER,
            aud: ISSUER,
            sub: user,
            client_id: CLIENT_ID,
            sid: &sid,
            scope: USER_SCOPE,
            auth_time: now,
        });
        let hash = digest::digest(&digest::SHA256, access_token.as_bytes());
        let id_token = self.sign_by(
            key,
            &IdTokenClaims {
                iss: ISSUER,
                sub: user,
                aud: CLIENT_ID,
                azp: CLIENT_ID,
                exp: now + LIFETIME,
                iat: now,
                auth_time: now,
                nonce: NONCE,
                amr: ["pwd"],
                acr: "1",
                at_hash: &URL_SAFE_NO_PAD.encode_to_string(&hash.as_ref()[..16]),
                sid: &sid,
            },
        );
        [access_token, id_token]
    }
}

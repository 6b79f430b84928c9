//! Tokens made by hand, and the texts that a sloppy reader would take for the same token.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::keys;

/// base64url, not by Jeton.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// base64url, not by Jeton.
pub fn decode(text: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// SHA-256, not by Jeton.
pub fn sha256(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    Sha256::digest(bytes.as_ref()).to_vec()
}

/// The encoded HS256 signature of these bytes under [`keys::HMAC`].
pub fn mac(message: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(keys::HMAC).expect("any length will do");
    mac.update(message);
    encode(mac.finalize().into_bytes())
}

/// A token in compact form with whatever header and payload, truly signed.
pub fn signed(header: &[u8], payload: &[u8]) -> String {
    let input = format!("{}.{}", encode(header), encode(payload));
    let signature = mac(input.as_bytes());
    format!("{input}.{signature}")
}

/// The initialisation vector of everything that [`sealed`] makes.
pub const IV: [u8; 12] = [3; 12];

/// Ciphertext and tag of a text under [`keys::CONTENT`], by AES-256-GCM.
pub fn sealed(aad: &[u8], plaintext: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, keys::CONTENT).expect("32 bytes"));
    let mut text = plaintext.to_vec();
    let tag = key
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(IV), Aad::from(aad), &mut text)
        .expect("short texts are sealed");
    (text, tag.as_ref().to_vec())
}

/// A JWE in compact form with whatever header, truly encrypted for `dir` with A256GCM.
pub fn encrypted(header: &[u8], plaintext: &[u8]) -> String {
    let header = encode(header);
    let (text, tag) = sealed(header.as_bytes(), plaintext);
    format!("{header}..{}.{}.{}", encode(IV), encode(text), encode(tag))
}

/// Texts that stand for the same bytes to a reader who is not strict: padding, white space, set bits that are not used,
/// the other alphabet, a segment more.
pub fn other_texts(token: &str) -> Vec<String> {
    let mut out = vec![
        format!("{token}="),
        format!("{token}\n"),
        format!(" {token}"),
        format!("{token}."),
        format!(".{token}"),
        token.replacen('.', "=.", 1),
        token.replacen('.', ".\n", 1),
    ];
    for (from, to) in [("-", "+"), ("_", "/")] {
        if token.contains(from) {
            out.push(token.replacen(from, to, 1));
        }
    }
    let mut start = 0;
    for segment in token.split('.') {
        let end = start + segment.len();
        // The last letter of a segment that is no multiple of four has bits that stand for nothing.
        if segment.len() % 4 != 0 {
            out.extend(
                neighbour(token.as_bytes()[end - 1])
                    .map(|letter| format!("{}{}{}", &token[..end - 1], char::from(letter), &token[end..])),
            );
        }
        start = end + 1;
    }
    out
}

/// The letter whose value differs in the lowest bit.
fn neighbour(letter: u8) -> Option<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = ALPHABET.iter().position(|known| *known == letter)?;
    Some(ALPHABET[value ^ 1])
}

//! Known faults of RSA signatures and keys, made by hand: paddings that lax verifiers take, and numbers that are weak.

use aws_lc_rs::digest::{Algorithm as Hash, SHA256, SHA384, digest};
use jeton_jose::jws::{Signer, Verifier};
use jeton_jose::{Algorithm, Jwk, KeyError, PrivateKey, PublicKey, VerifyError, base64url};
use num_bigint::BigUint;
use serde_json::{Value, json};

/// An RSA key whose private operation can be done on any number.
struct Forger {
    key: PrivateKey,
    n: BigUint,
    d: BigUint,
}

impl Forger {
    fn new(algorithm: Algorithm) -> Self {
        let key = PrivateKey::generate(algorithm).unwrap();
        let jwk: Value = serde_json::from_str(&key.to_jwk().to_json()).unwrap();
        let number =
            |name: &str| BigUint::from_bytes_be(&base64url::decode(jwk[name].as_str().unwrap()).unwrap());
        Self { n: number("n"), d: number("d"), key }
    }

    /// A token whose signature holds this encoded message; `encode` gets what is signed.
    fn token(&self, encode: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let token = Signer::new(&self.key).sign(b"text").unwrap();
        let input = token.rsplit_once('.').unwrap().0;
        let encoded = BigUint::from_bytes_be(&encode(input.as_bytes()));
        let signature = encoded.modpow(&self.d, &self.n).to_bytes_be();
        let signature = [vec![0; 256 - signature.len()], signature].concat();
        format!("{input}.{}", base64url::encode(signature))
    }

    fn verify(&self, token: &str) -> Result<(), VerifyError> {
        Verifier::new(self.key.public_key()).verify(token).map(drop)
    }
}

/// EMSA-PKCS1-v1_5 (RFC 8017 §9.2) with any bytes in the place of DigestInfo and after it.
fn pkcs1(digest_info: &[u8], after: &[u8]) -> Vec<u8> {
    let padding = 256 - 3 - digest_info.len() - after.len();
    [&[0, 1], vec![0xff; padding].as_slice(), &[0], digest_info, after].concat()
}

/// DigestInfo of SHA-256 before the hash.
const SHA256_INFO: &str = "3031300d060960864801650304020105000420";

fn info(prefix: &str, message: &[u8]) -> Vec<u8> {
    [crate::vectors::hex(prefix), digest(&SHA256, message).as_ref().to_vec()].concat()
}

#[test]
fn pkcs1_padding_is_compared_whole_and_its_der_has_one_form() {
    let forger = Forger::new(Algorithm::RS256);
    let verify = |encode: &dyn Fn(&[u8]) -> Vec<u8>| forger.verify(&forger.token(encode));
    assert_eq!(verify(&|m| pkcs1(&info(SHA256_INFO, m), &[])), Ok(()), "the forger makes good ones too");

    let garbage_behind = |m: &[u8]| {
        // CVE-2006-4339: eight bytes of padding, and the rest free.
        let info = info(SHA256_INFO, m);
        let free = 256 - 3 - 8 - info.len();
        [&[0, 1], [0xff; 8].as_slice(), &[0], &info, &vec![0x5a; free]].concat()
    };
    let block_type_2 = |m: &[u8]| {
        let mut encoded = pkcs1(&info(SHA256_INFO, m), &[]);
        encoded[1] = 2;
        encoded
    };
    let hole_in_padding = |m: &[u8]| {
        let mut encoded = pkcs1(&info(SHA256_INFO, m), &[]);
        encoded[40] = 0xfe;
        encoded
    };
    for (fault, encode) in [
        ("garbage behind", &garbage_behind as &dyn Fn(&[u8]) -> Vec<u8>),
        ("block type 2", &block_type_2),
        ("a hole in the padding", &hole_in_padding),
        ("something after the hash", &|m| pkcs1(&info(SHA256_INFO, m), &[0])),
        ("NULL is missing", &|m| {
            pkcs1(&info("302f300b0609608648016503040201 0420".replace(' ', "").as_str(), m), &[])
        }),
        ("long form of a length", &|m| pkcs1(&info("308131300d060960864801650304020105000420", m), &[])),
        ("indefinite length", &|m| pkcs1(&info("3080300d060960864801650304020105000420", m), &[0, 0])),
        ("another hash is named", &|m| pkcs1(&info("3031300d060960864801650304020205000420", m), &[])),
        ("the bare hash", &|m| pkcs1(digest(&SHA256, m).as_ref(), &[])),
        ("all zero", &|_| vec![0; 256]),
        ("one", &|_| vec![1]),
    ] {
        assert_eq!(verify(encode), Err(VerifyError::SignatureInvalid), "{fault}");
    }
}

/// EMSA-PSS (RFC 8017 §9.1) for a modulus of 2048 bits.
fn pss(message: &[u8], salt: &[u8], hash: &'static Hash, mask_hash: &'static Hash, trailer: u8) -> Vec<u8> {
    let hashed = digest(hash, &[&[0; 8], digest(hash, message).as_ref(), salt].concat());
    let hashed = hashed.as_ref();
    let block_len = 256 - hashed.len() - 1;
    let mut block = vec![0; block_len - salt.len() - 1];
    block.push(1);
    block.extend_from_slice(salt);
    let mut mask = Vec::new();
    for counter in 0_u32.. {
        if mask.len() >= block_len {
            break;
        }
        mask.extend_from_slice(digest(mask_hash, &[hashed, &counter.to_be_bytes()].concat()).as_ref());
    }
    block.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    block[0] &= 0x7f;
    [block.as_slice(), hashed, &[trailer]].concat()
}

#[test]
fn a_pss_salt_or_mask_of_another_length_or_hash_is_refused() {
    let forger = Forger::new(Algorithm::PS256);
    let verify = |encode: &dyn Fn(&[u8]) -> Vec<u8>| forger.verify(&forger.token(encode));
    assert_eq!(
        verify(&|m| pss(m, &[7; 32], &SHA256, &SHA256, 0xbc)),
        Ok(()),
        "the forger makes good ones too"
    );
    for len in [0, 1, 20, 31, 33, 48, 64, 222] {
        let refused = verify(&|m| pss(m, &vec![7; len], &SHA256, &SHA256, 0xbc));
        assert_eq!(refused, Err(VerifyError::SignatureInvalid), "a salt of {len} bytes");
    }
    for (hash, mask_hash, trailer) in [
        (&SHA256, &SHA384, 0xbc),
        (&SHA384, &SHA256, 0xbc),
        (&SHA384, &SHA384, 0xbc),
        (&SHA256, &SHA256, 0xcc),
    ] {
        let refused = verify(&|m| pss(m, &[7; 32], hash, mask_hash, trailer));
        assert_eq!(refused, Err(VerifyError::SignatureInvalid));
    }
}

#[test]
fn a_signature_that_is_not_reduced_modulo_n_is_refused() {
    let forger = Forger::new(Algorithm::RS256);
    let token = Signer::new(&forger.key).sign(b"text").unwrap();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let twin = BigUint::from_bytes_be(&base64url::decode(signature).unwrap()) + &forger.n;
    for number in [twin, forger.n.clone(), &forger.n - 1_u8] {
        let bytes = number.to_bytes_be();
        let refused = forger.verify(&format!("{input}.{}", base64url::encode(bytes)));
        assert_eq!(refused, Err(VerifyError::SignatureInvalid));
    }
}

#[test]
fn a_key_with_the_fingerprint_of_roca_is_refused() {
    // Modulo every prime it is a power of 65537, as the moduli of the faulty generator were (CVE-2017-15361).
    let modulus = BigUint::from(65537_u32).pow(128);
    let jwk =
        json!({"kty": "RSA", "alg": "RS256", "e": "AQAB", "n": base64url::encode(modulus.to_bytes_be())});
    let refused = Jwk::parse(jwk.to_string().as_bytes()).and_then(|jwk| PublicKey::from_jwk(&jwk));
    assert_eq!(refused.unwrap_err(), KeyError::RsaRoca);
}

#[test]
fn a_high_s_is_accepted_so_a_signature_is_no_name_for_a_token() {
    // RFC 8812 and RFC 7518 demand no low s: two texts of one token verify, which is why caches compare the whole token.
    for (algorithm, order) in [
        (Algorithm::ES256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
        (Algorithm::ES256K, "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"),
    ] {
        let key = PrivateKey::generate(algorithm).unwrap();
        let token = Signer::new(&key).sign(b"text").unwrap();
        let (input, signature) = token.rsplit_once('.').unwrap();
        let signature = base64url::decode(signature).unwrap();
        let order = BigUint::from_bytes_be(&crate::vectors::hex(order));
        let s = (order - BigUint::from_bytes_be(&signature[32..])).to_bytes_be();
        let twin = [&signature[..32], &vec![0; 32 - s.len()], &s].concat();
        let twin = format!("{input}.{}", base64url::encode(twin));
        assert_ne!(token, twin);
        assert!(Verifier::new(key.public_key()).verify(&twin).is_ok());
    }
}

//! What other crates accept: `docs/guide/jose.md` row by row, so that its last column stays true.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use jeton_jose::jwe::{Decrypter, DecryptionKey, KeyManagement};
use jeton_jose::jwt::Verifier;
use jeton_jose::{Algorithm, Jwk, PrivateKey, PublicKey, SharedSecret, Timestamp, base64url};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const SECRET: &[u8] = b"0123456789abcdef0123456789ABCDEF";
const PAGE: &str = include_str!("../../../../docs/guide/jose.md");

const HEADER: &str = r#"{"alg":"HS256"}"#;
const CLAIMS: &str = r#"{"iss":"i","aud":"a","exp":1800000300}"#;

/// The first and the last column of every row.
fn rows() -> Vec<(&'static str, &'static str)> {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = rows.map(|row| row.split(" | ").collect::<Vec<_>>());
    let rows = rows.filter(|cells| cells[0] != "input");
    let rows = rows.inspect(|cells| assert_eq!(cells.len(), 5, "{cells:?}"));
    rows.map(|cells| (cells[0], cells[4].trim_matches('`'))).collect()
}

fn secret() -> SharedSecret {
    SharedSecret::new(Algorithm::HS256, SECRET).unwrap()
}

/// The code with which a well-signed token is refused.
fn token(header: &str, claims: &str) -> &'static str {
    let input = format!("{}.{}", base64url::encode(header), base64url::encode(claims));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET).unwrap();
    mac.update(input.as_bytes());
    let token = format!("{input}.{}", base64url::encode(mac.finalize().into_bytes()));
    let verified = Verifier::new("i", "a", secret()).verify::<Value>(&token, NOW);
    verified.map_or_else(|error| error.code(), |_| "accepted")
}

fn header(header: &str) -> &'static str {
    token(header, CLAIMS)
}

/// Claims in which one member is another, or absent.
fn claim(name: &str, value: Option<Value>) -> &'static str {
    let mut claims: Value = serde_json::from_str(CLAIMS).unwrap();
    match value {
        Some(value) => claims[name] = value,
        None => drop(claims.as_object_mut().unwrap().remove(name)),
    }
    token(HEADER, &claims.to_string())
}

/// The code with which the public key of this algorithm is refused when its JWK has one member changed.
fn key(name: &str, value: &str) -> &'static str {
    let key = PrivateKey::generate(Algorithm::ES256).unwrap().public_key().to_jwk();
    let mut jwk: Value = serde_json::from_str(&key.to_json()).unwrap();
    jwk[name] = value.into();
    let key = Jwk::parse(jwk.to_string().as_bytes()).and_then(|jwk| PublicKey::from_jwk(&jwk));
    key.map_or_else(|error| error.code(), |_| "accepted")
}

/// DEFLATE of so many MiB of zeros: one block again and again, and an empty last one.
fn deflated(mebibytes: usize) -> Vec<u8> {
    use miniz_oxide::deflate::core::{CompressorOxide, create_comp_flags_from_zip_params};
    let mut compressor = CompressorOxide::new(create_comp_flags_from_zip_params(9, -15, 0));
    let mut block = vec![0; 1 << 16];
    let flush = miniz_oxide::MZFlush::Full;
    let zeros = vec![0; 1 << 20];
    let done = miniz_oxide::deflate::stream::deflate(&mut compressor, &zeros, &mut block, flush);
    assert_eq!(done.bytes_consumed, zeros.len());
    block.truncate(done.bytes_written);
    [block.repeat(mebibytes).as_slice(), &[0x03, 0x00]].concat()
}

/// The code with which a JWE is refused whose text inflates to so many MiB.
fn bomb(mebibytes: usize) -> &'static str {
    use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
    let key = Jwk::from_secret(&[7; 32]);
    let header = base64url::encode(r#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#);
    let mut text = deflated(mebibytes);
    let sealing = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).unwrap());
    let nonce = Nonce::assume_unique_for_key([0; 12]);
    let tag = sealing.seal_in_place_separate_tag(nonce, Aad::from(header.as_bytes()), &mut text).unwrap();
    let jwe =
        [header, String::new(), base64url::encode([0; 12]), base64url::encode(&text), base64url::encode(tag)];
    let key = DecryptionKey::from_jwk_for(KeyManagement::Dir, &key);
    let decrypted = Decrypter::new([key.unwrap()]).decrypt(&jwe.join("."));
    decrypted.map_or_else(|error| error.code(), |_| "accepted")
}

fn short_secret(secret: &[u8]) -> &'static str {
    SharedSecret::new(Algorithm::HS256, secret).map_or_else(|error| error.code(), |_| "accepted")
}

/// For how many seconds after its `exp` a token passes.
fn leeway() -> String {
    let token = jeton_jose::jws::Signer::new(secret()).sign(CLAIMS.as_bytes()).unwrap();
    let verifier = Verifier::new("i", "a", secret());
    let passes = |late: &u64| {
        let now = Timestamp::from_unix(1_800_000_300).saturating_add(Duration::from_secs(*late));
        verifier.verify::<Value>(&token, now).is_ok()
    };
    format!("{} s", (0..7200).take_while(passes).count())
}

/// What this crate says of a row.
fn ours(input: &str) -> String {
    let tomorrow = || Some(json!(NOW.unix() + 86_400));
    let code = match input {
        "`crit` names an extension that nobody knows" => header(r#"{"alg":"HS256","crit":["x"],"x":1}"#),
        "`crit` is an empty list" => header(r#"{"alg":"HS256","crit":[]}"#),
        "`crit` names `alg`" => header(r#"{"alg":"HS256","crit":["alg"]}"#),
        "`b64: false` without `crit`" => header(r#"{"alg":"HS256","b64":false}"#),
        "`b64: false` with `crit`, and yet an encoded payload" => {
            header(r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#)
        }
        "an unknown member twice" => header(r#"{"alg":"HS256","x":1,"x":2}"#),
        "`alg` twice" => header(r#"{"alg":"none","alg":"HS256"}"#),
        "`alg` twice, once with an escaped letter" => header(r#"{"alg":"none","\u0061lg":"HS256"}"#),
        "invalid Unicode in an unknown member" => header(r#"{"alg":"HS256","x":"\ud800"}"#),
        "`typ` is `at+jwt`" => header(r#"{"alg":"HS256","typ":"at+jwt"}"#),
        "`typ` is `dpop+jwt`" => header(r#"{"alg":"HS256","typ":"dpop+jwt"}"#),
        "`typ` is `foo`" => header(r#"{"alg":"HS256","typ":"foo"}"#),
        "`iss` is a number" => claim("iss", Some(json!(5))),
        "`iss` is an object" => claim("iss", Some(json!({"iss": "i"}))),
        "`iss` is a list that holds the issuer" => claim("iss", Some(json!(["i"]))),
        "`iss` is missing" => claim("iss", None),
        "`aud` is null" => claim("aud", Some(json!(null))),
        "`aud` is a number" => claim("aud", Some(json!(5))),
        "`aud` is an object" => claim("aud", Some(json!({"a": 1}))),
        "`aud` is a list of a stranger and a number" => claim("aud", Some(json!(["evil", 7]))),
        "`aud` is missing" => claim("aud", None),
        "`aud` twice" => token(HEADER, r#"{"iss":"i","aud":"evil","aud":"a","exp":1800000300}"#),
        "a claim of the application's own twice" => {
            token(HEADER, r#"{"iss":"i","aud":"a","exp":1800000300,"role":"user","role":"admin"}"#)
        }
        "`exp` is missing" => claim("exp", None),
        "`exp` is the largest 64-bit number" => claim("exp", Some(json!(u64::MAX))),
        "`nbf` is tomorrow" => claim("nbf", tomorrow()),
        "`nbf` is a string" => claim("nbf", Some(json!("1700000000"))),
        "`iat` is tomorrow" => claim("iat", tomorrow()),
        "an empty HMAC secret" => short_secret(b""),
        "an HMAC secret of four bytes" => short_secret(b"1234"),
        "a JWK with `use: enc` verifies" => key("use", "enc"),
        "a JWK for another `alg` verifies" => key("alg", "ES384"),
        "a token of 2 MB" => claim("x", Some(json!("x".repeat(2_000_000)))),
        "a JWE of 700 kB that inflates to 512 MiB" => bomb(512),
        "a JWE of 2 kB that inflates to 1 MiB" => bomb(1),
        "a token that expired so long ago passes" => return leeway(),
        unknown => panic!("the page has a row that no test knows: {unknown}"),
    };
    code.to_owned()
}

#[test]
fn the_table_of_the_guide_says_what_the_library_does() {
    assert_eq!(token(HEADER, CLAIMS), "accepted", "what the rows are changed from");
    let rows = rows();
    assert_eq!(rows.len(), 36);
    for (input, says) in rows {
        assert_eq!(ours(input), says, "{input}");
    }
}

#[test]
fn the_guide_names_codes_that_are_explained() {
    let explained = include_str!("../../../../docs/errors.md");
    for (_, code) in rows().into_iter().filter(|(_, code)| code.contains('_')) {
        assert!(explained.contains(&format!("`{code}`")), "{code}");
    }
}

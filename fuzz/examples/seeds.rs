//! Writes the seeds: `cargo run --example seeds` in `fuzz/`. They are our own keys and tokens, one for each turn that a
//! parser can take; what is secret in them is so only to this program.

use std::fs;
use std::path::Path;

use jeton_fuzz::{keys, token};
use jeton_jose::dpop::{Prover, Request};
use jeton_jose::jwe::{ContentEncryption, Encrypter, KeyManagement, RecipientKey};
use jeton_jose::jwt::Signer;
use jeton_jose::sd_jwt::SdJwtIssuer;
use jeton_jose::status_list::{Bits, Status, StatusList};
use jeton_jose::x509::CertificateChain;
use jeton_jose::{Algorithm, Jwk, PrivateKey, SharedSecret, Timestamp, jws};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PKCS_RSA_SHA256,
};
use serde_json::{Value, json};

const NOW: i64 = keys::NOW;
const HS256: &str = r#"{"alg":"HS256","kid":"k1"}"#;

fn main() -> std::io::Result<()> {
    base64url()?;
    json()?;
    jwt()?;
    signatures()?;
    key_files()?;
    certificates()?;
    encryption()?;
    selective_disclosure()?;
    proofs()?;
    oauth()?;
    status_lists()
}

/// Writes one seed.
fn seed(target: &str, name: &str, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), bytes)
}

fn base64url() -> std::io::Result<()> {
    for (name, text) in [
        ("empty", ""),
        ("one", "AA"),
        ("two", "AAA"),
        ("three", "-_-_"),
        ("padded", "AA=="),
        ("unused_bits", "AB"),
        ("long", "SmV0b24gbWFrZXMgdG9rZW5zIGFuZCByZWFkcyB0aGVtIHN0cmljdGx5Lg"),
    ] {
        seed("base64url", name, text)?;
    }
    Ok(())
}

fn json() -> std::io::Result<()> {
    for (name, text) in [
        (
            "object",
            r#"{"a":-1,"b":18446744073709551615,"c":1.5e3,"d":"\u00e9\ud83d\ude00\n","e":["Unit",{"New":7}],"f":null}"#,
        ),
        (
            "variants",
            r#"{"a":1,"b":null,"c":0.1,"d":"","e":[{"Tuple":[true,"x"]},{"Struct":{"x":1,"y":null}}],"f":{"a":0,"c":-0,"d":"","e":[]},"g":{"k":["no"],"n":1},"h":170141183460469231731687303715884105727,"z":[]}"#,
        ),
        ("map", r#"{"1":true,"2":null}"#),
        ("map_of_untagged", r#"{"-1":5,"7":"x","8":[true,false]}"#),
        ("tuple", r#"[255,"x",["y","z"]]"#),
        ("duplicate", r#"{"a":1,"\u0061":2}"#),
        ("surrogate", r#"["\ud800"]"#),
        ("numbers", "[0,-0,1e1,0.5,1E-7,9007199254740993,1e400,-9223372036854775808,0.1e1]"),
        ("nul", r#"{"\u0000":1}"#),
        ("space", " \t\r\n[ ] \n"),
        ("scalar", "\"x\""),
    ] {
        seed("json", name, text)?;
    }
    let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
    seed("json", "deep", deep)
}

/// The parts of an input with a NUL between each two.
fn joined(parts: &[&str]) -> String {
    parts.join("\0")
}

fn jwt() -> std::io::Result<()> {
    let header = r#"{"alg":"HS256","typ":"JWT","kid":"k1"}"#;
    let claims = json!({
        "iss": "https://issuer.example", "aud": "api", "sub": "ada", "exp": NOW + 300, "iat": NOW, "nbf": NOW,
        "jti": "t1", "scope": "a b", "roles": ["r"]
    })
    .to_string();
    seed("jwt", "good", joined(&[header, &claims]))?;
    let at = r#"{"typ":"application/at+jwt","alg":"HS256"}"#;
    seed("jwt", "access_token", joined(&[at, r#"{"aud":["x","api"],"exp":1800000000.5}"#]))?;
    seed(
        "jwt",
        "escapes",
        joined(&[
            header,
            r#"{"\u0069ss":"https:\/\/issuer.example","aud":["\u0061pi"],"exp":18e8,"sub":"\n"}"#,
        ]),
    )?;
    seed("jwt", "expired", joined(&[header, r#"{"iss":"https://issuer.example","aud":"api","exp":1}"#]))?;
    seed(
        "jwt",
        "duplicate",
        joined(&[header, r#"{"iss":"https://issuer.example","aud":"api","exp":1,"exp":1800000300}"#]),
    )?;
    seed("jwt", "none", joined(&[r#"{"alg":"none"}"#, "{}"]))?;
    let critical = r#"{"alg":"HS256","crit":["b64"],"b64":true}"#;
    seed("jwt", "critical", joined(&[critical, &claims]))?;
    for key in [&keys::ed25519(), &made(Algorithm::ES256)] {
        let token = Signer::new(key).sign(&json!({"iss": "i", "exp": NOW})).expect("it signs");
        seed("jwt", &format!("whole_{}", key.algorithm()), token)?;
    }
    seed("bearer", "good", "Bearer @")?;
    seed("bearer", "lower_case", "bearer  @ ")?;
    seed("bearer", "two", "Bearer @\nBearer @")?;
    seed("bearer", "basic", "Basic YTpi")?;
    seed("bearer", "words", "Bearer @ x")?;
    seed("bearer", "alone", "Bearer")
}

fn made(algorithm: Algorithm) -> PrivateKey {
    PrivateKey::generate(algorithm).expect("it can be made")
}

fn signatures() -> std::io::Result<()> {
    seed("jws_compact", "plain", joined(&[HS256, "a text"]))?;
    seed("jws_compact", "types", joined(&[r#"{"alg":"HS256","typ":"x","cty":"y"}"#, "\u{1}"]))?;
    let raw = r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#;
    seed("jws_compact", "unencoded", joined(&[raw, "a text"]))?;
    seed("jws_compact", "unencoded_dots", joined(&[raw, "a.b"]))?;
    seed("jws_compact", "understood", joined(&[r#"{"alg":"HS256","exp":1,"crit":["exp"]}"#, ""]))?;
    seed("jws_compact", "unknown", joined(&[r#"{"alg":"HS256","x":1,"crit":["x"]}"#, ""]))?;
    let key = made(Algorithm::ES256);
    seed("jws_compact", "whole", jws::Signer::new(&key).sign(b"a text").expect("it signs"))?;

    let (protected, text) = (token::encode(HS256), token::encode("a text"));
    let flat = format!(r#"{{"payload":"{text}","protected":"{protected}","signature":"@"}}"#);
    seed("jws_json", "flattened", flat)?;
    let bare = token::encode(r#"{"alg":"HS256"}"#);
    let header = format!(
        r#"{{"payload":"{text}","protected":"{bare}","header":{{"kid":"k1","x":[]}},"signature":"@"}}"#
    );
    seed("jws_json", "header", header)?;
    let other = token::encode(r#"{"alg":"ES256"}"#);
    let general = format!(
        r#"{{"payload":"{text}","signatures":[{{"protected":"{other}","signature":"AA"}},{{"protected":"{protected}","signature":"@"}},{{"header":{{"alg":"HS256"}},"signature":"AA"}}]}}"#
    );
    seed("jws_json", "general", general)?;
    let raw = token::encode(raw);
    seed(
        "jws_json",
        "unencoded",
        format!(r#"{{"payload":"a \"text\".","protected":"{raw}","signature":"@"}}"#),
    )?;
    let critical = token::encode(r#"{"alg":"HS256","exp":1,"crit":["exp"]}"#);
    seed(
        "jws_json",
        "critical",
        format!(r#"{{ "signature": "@", "protected": "{critical}", "payload": "" }}"#),
    )
}

fn key_files() -> std::io::Result<()> {
    let mut all = vec![];
    for algorithm in [
        Algorithm::ES256,
        Algorithm::ES384,
        Algorithm::ES512,
        Algorithm::ES256K,
        Algorithm::Ed25519,
        Algorithm::MlDsa44,
        Algorithm::RS256,
    ] {
        let jwk = made(algorithm).with_kid("k1").to_jwk();
        let public = jwk.public().expect("it is asymmetric");
        for (name, key) in [("private", &jwk), ("public", &public)] {
            seed("jwk", &format!("{algorithm}_{name}"), &*key.to_json())?;
            let (der, pem) = (key.to_der().expect("asymmetric"), key.to_pem().expect("asymmetric"));
            seed("key_file", &format!("{algorithm}_{name}.der"), &*der)?;
            seed("key_file", &format!("{algorithm}_{name}.pem"), &*pem)?;
        }
        // What stands within PKCS#8 for RSA and for elliptic curves is a format of its own: PKCS#1, SEC1.
        if !matches!(algorithm, Algorithm::Ed25519 | Algorithm::MlDsa44) {
            let der = jwk.to_der().expect("asymmetric");
            seed("key_file", &format!("{algorithm}_inner.der"), inner(&der))?;
        }
        all.push(public.to_json().to_string());
    }
    let secret = SharedSecret::new(Algorithm::HS256, keys::HMAC).expect("long enough").to_jwk().to_json();
    seed("jwk", "oct", &*secret)?;
    seed("jwk", "x25519", keys::x25519_jwk())?;
    seed(
        "jwk",
        "uses",
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","use":"sig","key_ops":["verify"],"x5t":"?"}"#,
    )?;
    let unknown = r#"{"kty":"NEW","x":1}"#;
    seed("jwk", "set", format!(r#"{{"keys":[{},{unknown},{}]}}"#, all[0], all[4]))?;
    seed("jwk", "empty_set", r#"{"keys":[]}"#)
}

/// The key within PKCS#8 (RFC 5958 §2): the contents of the octet string after the version and the algorithm.
fn inner(pkcs8: &[u8]) -> &[u8] {
    let (fields, _) = element(pkcs8);
    let (_version, rest) = element(fields);
    let (_algorithm, rest) = element(rest);
    element(rest).0
}

/// The contents of a DER element, and what follows it.
fn element(der: &[u8]) -> (&[u8], &[u8]) {
    let more = if der[1] < 0x80 { 0 } else { usize::from(der[1] & 0x7f) };
    let digits = if more == 0 { &der[1..2] } else { &der[2..2 + more] };
    let len = digits.iter().fold(0, |len, digit| len << 8 | usize::from(*digit));
    der[2 + more..].split_at(len)
}

fn certificates() -> std::io::Result<()> {
    let parameters = |name: &str| {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters
    };
    let pair = |kind| KeyPair::generate_for(kind).expect("it can be made");
    let root =
        CertifiedIssuer::self_signed(parameters("root"), pair(&PKCS_ECDSA_P256_SHA256)).expect("it signs");
    let middle =
        CertifiedIssuer::signed_by(parameters("middle"), pair(&PKCS_ED25519), &root).expect("it signs");
    seed("certificate", "root", root.der())?;
    for (name, kind) in
        [("chain", &PKCS_ECDSA_P256_SHA256), ("ed25519", &PKCS_ED25519), ("rsa", &PKCS_RSA_SHA256)]
    {
        let mut leaf = CertificateParams::new(["issuer.example".to_owned()]).expect("it is a name");
        if name == "chain" {
            leaf.key_usages.push(KeyUsagePurpose::DigitalSignature);
        }
        let leaf = leaf.signed_by(&pair(kind), &middle).expect("it signs");
        let chain =
            CertificateChain::from_der([leaf.der().to_vec(), middle.der().to_vec()]).expect("it is one");
        seed("certificate", name, chain.der().collect::<Vec<_>>().concat())?;
        seed("certificate", &format!("{name}.pem"), leaf.pem() + &middle.pem())?;
        seed("key_file", &format!("certificate_{name}"), leaf.der())?;
        if name == "chain" {
            let key = Jwk::from_der(leaf.der())
                .and_then(|key| key.with_certificates(chain))
                .expect("it is its key");
            seed("jwk", "certificates", &*key.to_json())?;
        }
    }
    Ok(())
}

fn encryption() -> std::io::Result<()> {
    let direct = r#"{"alg":"dir","enc":"A256GCM"}"#;
    seed("jwe_compact", "plain", joined(&[direct, "a text"]))?;
    seed(
        "jwe_compact",
        "names",
        joined(&[r#"{"alg":"dir","enc":"A256GCM","kid":"k","typ":"t","cty":"JWT"}"#, ""]),
    )?;
    // A stored block of three bytes (RFC 1951 §3.2.4), and a block of fixed codes that goes on and on.
    let zip = r#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#.as_bytes();
    seed("jwe_compact", "stored", [zip, &[0, 1, 3, 0, 252, 255, b'a', b'b', b'c']].concat())?;
    seed(
        "jwe_compact",
        "fixed_codes",
        [zip, &[0, 0x4b, 0x4c, 0x1c, 0x05, 0xa3, 0x60, 0x14, 0x0c, 0x77, 0]].concat(),
    )?;
    seed("jwe_compact", "critical", joined(&[r#"{"alg":"dir","enc":"A256GCM","crit":["x"],"x":1}"#, ""]))?;
    let secret = Jwk::from_secret(keys::CONTENT);
    let agreement =
        Jwk::parse(keys::x25519_jwk().as_bytes()).and_then(|key| key.public()).expect("it is one");
    for (alg, jwk) in [
        (KeyManagement::A256Kw, &secret),
        (KeyManagement::A256GcmKw, &secret),
        (KeyManagement::EcdhEs, &agreement),
        (KeyManagement::EcdhEsA256Kw, &agreement),
    ] {
        let key = RecipientKey::from_jwk_for(alg, jwk).expect("it fits");
        let encrypter = Encrypter::new(ContentEncryption::A128CbcHs256, key);
        seed("jwe_compact", &format!("whole_{alg}"), encrypter.encrypt(b"a text").expect("it encrypts"))?;
        seed(
            "jwe_json",
            &format!("whole_{alg}"),
            encrypter.encrypt_general(b"a text").expect("it encrypts"),
        )?;
    }
    let key = RecipientKey::from_password(KeyManagement::Pbes2Hs256A128Kw, keys::CONTENT);
    let key = key.and_then(|key| key.iterations(1000)).expect("a password will do");
    let encrypter = Encrypter::new(ContentEncryption::A256Gcm, key);
    seed("jwe_compact", "whole_PBES2", encrypter.encrypt(b"a text").expect("it encrypts"))?;

    let protected = token::encode(direct);
    seed(
        "jwe_json",
        "flattened",
        format!(r#"{{"protected":"{protected}","iv":"@","ciphertext":"@","tag":"@"}}"#),
    )?;
    let enc = token::encode(r#"{"enc":"A256GCM"}"#);
    seed(
        "jwe_json",
        "headers",
        format!(
            r#"{{"protected":"{enc}","unprotected":{{"kid":"k"}},"header":{{"alg":"dir"}},"aad":"AA","iv":"@","ciphertext":"@","tag":"@"}}"#
        ),
    )?;
    seed(
        "jwe_json",
        "general",
        format!(
            r#"{{"tag":"@","protected":"{enc}","recipients":[{{"header":{{"alg":"dir"}}}}],"iv":"@","ciphertext":"@"}}"#
        ),
    )?;
    for alg in 0..26_u8 {
        let mut bytes = vec![alg, alg, alg % 5 * 50];
        bytes.extend_from_slice(b"k1\0text/plain\0more\0a text");
        seed("jwe_round_trip", &format!("{alg}"), bytes)?;
    }
    Ok(())
}

fn selective_disclosure() -> std::io::Result<()> {
    let claims = r#"{"iss":"i","_sd":["@0","AA"],"list":[{"...":"@1"},2],"_sd_alg":"sha-256"}"#;
    seed(
        "sd_jwt",
        "by_hand",
        joined(&[claims, r#"["salt","name",{"_sd":["@2"]}]"#, r#"["salt",[1]]"#, r#"["salt","x",null]"#]),
    )?;
    seed("sd_jwt", "twice", joined(&[r#"{"_sd":["@0"],"a":{"_sd":["@0"]}}"#, r#"["s","n",1]"#]))?;
    seed("sd_jwt", "replaced", joined(&[r#"{"_sd":["@0"],"n":2}"#, r#"["s","n",1]"#]))?;
    seed("sd_jwt", "hidden", "{\"a\":{\"b\":1,\"c\":[true,null]},\"exp\":1900000000}\n/a/b\n/a/c/0\n/a")?;
    seed("sd_jwt", "nothing_hidden", "{\"a\":1}")?;
    let signer = Signer::new(keys::hmac("k1")).typ("dc+sd-jwt");
    let claims = json!({"iss": "i", "name": "ada", "list": [1, 2]});
    let Value::Object(claims) = claims else { return Ok(()) };
    let issuer = SdJwtIssuer::new(signer).hide("/name").hide("/list/1");
    seed("sd_jwt", "whole", issuer.issue(&claims).expect("it can be issued"))
}

fn proofs() -> std::io::Result<()> {
    let header = r#"{"typ":"dpop+jwt","alg":"Ed25519","jwk":"@"}"#;
    let uri = "https://server.example/token?x=1";
    let claims = json!({
        "jti": "j", "htm": "POST", "htu": "https://server.example/token", "iat": NOW,
        "ath": token::encode(token::sha256("token")), "nonce": "nonce"
    })
    .to_string();
    seed("dpop", "good", joined(&[header, &claims, uri]))?;
    let spelled =
        json!({"jti": "j", "htm": "POST", "htu": "HTTPS://Server.example:443", "iat": NOW as f64 - 0.5});
    let eddsa = r#"{"typ":"application/dpop+jwt","alg":"EdDSA","jwk":"@"}"#;
    seed("dpop", "spelled", joined(&[eddsa, &spelled.to_string(), "https://server.example/"]))?;
    let private = header.replace("\"@\"", &keys::ed25519_jwk(true));
    seed("dpop", "private", joined(&[&private, &claims, uri]))?;
    let prover = Prover::new(&keys::ed25519()).expect("it can be written");
    let proof = prover.prove(&Request::new("GET", uri), Timestamp::from_unix(NOW)).expect("it signs");
    seed("dpop", "whole", proof)
}

fn oauth() -> std::io::Result<()> {
    for (name, text) in [
        (
            "query",
            "response_type=code&client_id=c&redirect_uri=https%3A%2F%2Fa.example%2Fcb&scope=openid+a&state=%C3%A9",
        ),
        ("resources", "resource=a&resource=b&audience=&x"),
        ("repeated", "a=1&a=2"),
        ("scope", "openid orders:read orders:write openid"),
        ("challenge", "api\nthe access token has expired\na b"),
        ("redirect_uri", "https://user.example:8443/cb?x=1"),
        ("loopback", "http://127.0.0.1:8080/cb"),
        ("loopback_v6", "http://[::1]/"),
        ("own_scheme", "com.example.app:/cb"),
        (
            "claims_request",
            r#"{"userinfo":{"email":{"essential":true},"name":null},"id_token":{"acr":{"values":["1"]}}}"#,
        ),
        (
            "access_token",
            r#"{"token_type":"access","exp":1,"iat":0,"jti":"j","user_id":7,"iss":"i","aud":["a","b"],"sub":"s","client_id":"c","scope":"a b","cnf":{"jkt":"x"}}"#,
        ),
        ("verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    ] {
        seed("oauth", name, text)?;
    }
    Ok(())
}

fn status_lists() -> std::io::Result<()> {
    let mut list = StatusList::new(Bits::Two, 100);
    list.set(5, Status::Suspended).expect("it is there");
    seed("status_list", "lst", list.to_lst())?;
    let claims = |bits: u8| {
        format!(
            r#"{{"sub":"https://issuer.example/1","iat":{NOW},"exp":{},"ttl":60,"status_list":{{"bits":{bits},"lst":"@"}}}}"#,
            NOW + 60
        )
    };
    seed("status_list", "good", joined(&[&claims(2), "\u{1}\u{2}\u{3}"]))?;
    seed("status_list", "bits", joined(&[&claims(8), ""]))
}

//! Encrypting and decrypting.

use jeton_jose::jwe::{
    ContentEncryption, DecryptError, Decrypter, DecryptionKey, EncryptError, Encrypter, EncryptionKey,
    KeyManagement, RecipientKey, open, seal,
};
use jeton_jose::{Jwk, KeyError, base64url};
use serde_json::{Value, json};

use crate::vectors::{list, read, text};

pub(crate) const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ","y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck","d":"VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"}"#;
pub(crate) const X25519: &str = r#"{"kty":"OKP","crv":"X25519","x":"hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo","d":"dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo"}"#;

pub(crate) fn rsa() -> Jwk {
    jeton_jose::PrivateKey::generate(jeton_jose::Algorithm::RS256)
        .map(|key| Jwk::from_der(&key.to_jwk().to_der().unwrap()).unwrap())
        .unwrap()
}

pub(crate) fn keys(alg: KeyManagement, enc: ContentEncryption, rsa: &Jwk) -> (RecipientKey, DecryptionKey) {
    let name = alg.as_str();
    if name.starts_with("PBES2") {
        let recipient = RecipientKey::from_password(alg, b"password").unwrap().iterations(1000).unwrap();
        return (recipient, DecryptionKey::from_password(alg, b"password").unwrap());
    }
    let jwk = if name.starts_with("RSA") {
        rsa.clone()
    } else if name.starts_with("ECDH") {
        Jwk::parse(if enc == ContentEncryption::A128Gcm { X25519 } else { P256 }.as_bytes()).unwrap()
    } else {
        let len = match name {
            "dir" => enc.key_len(),
            name => name[1..4].parse::<usize>().unwrap() / 8,
        };
        let mut key = vec![0; len];
        jeton_jose::random::fill(&mut key);
        Jwk::from_secret(&key)
    };
    let public = jwk.public().unwrap_or_else(|_| jwk.clone());
    (RecipientKey::from_jwk_for(alg, &public).unwrap(), DecryptionKey::from_jwk_for(alg, &jwk).unwrap())
}

/// Those are tested elsewhere.
fn is_hpke(alg: KeyManagement) -> bool {
    matches!(alg, KeyManagement::Hpke(_) | KeyManagement::HpkeKe(_))
}

#[test]
fn every_algorithm_decrypts_what_it_encrypts_in_every_form() {
    let rsa = rsa();
    for &alg in KeyManagement::ALL.iter().filter(|alg| !is_hpke(**alg)) {
        for &enc in ContentEncryption::ALL {
            let (recipient, key) = keys(alg, enc, &rsa);
            let encrypter = Encrypter::new(enc, recipient.with_kid("k")).cty("text");
            let decrypter = Decrypter::new([key]);
            for plaintext in [b"".as_slice(), b"x", b"sixteen bytes ok", &[7; 1000]] {
                let compact = decrypter.decrypt(&encrypter.encrypt(plaintext).unwrap()).unwrap();
                assert_eq!(compact.plaintext(), plaintext, "{alg} {enc}");
                assert_eq!(
                    (compact.alg(), compact.enc(), compact.cty(), compact.kid()),
                    (alg, Some(enc), Some("text"), Some("k"))
                );
            }
            let with_aad = encrypter.clone().aad("visible");
            let flattened = with_aad.encrypt_flattened(b"text").unwrap();
            assert_eq!(decrypter.decrypt_json(&flattened).unwrap().plaintext(), b"text");
            let changed = flattened.replace(&base64url::encode("visible"), &base64url::encode("changed"));
            assert_eq!(decrypter.decrypt_json(&changed).unwrap_err(), DecryptError::Failed);
            let general = with_aad.encrypt_general(b"text").unwrap();
            assert_eq!(decrypter.decrypt_json(&general).unwrap().plaintext(), b"text");
        }
    }
}

#[test]
fn several_recipients_each_decrypt_the_same_text() {
    let (rsa, enc) = (rsa(), ContentEncryption::A256Gcm);
    let pairs: Vec<_> = ["RSA-OAEP-256", "ECDH-ES+A256KW", "A256GCMKW", "A192KW"]
        .iter()
        .map(|name| keys(name.parse().unwrap(), enc, &rsa))
        .collect();
    let (first, rest) = pairs.split_first().unwrap();
    let encrypter = rest
        .iter()
        .fold(Encrypter::new(enc, first.0.clone()), |encrypter, pair| encrypter.and(pair.0.clone()));
    let jwe = encrypter.encrypt_general(b"text").unwrap();
    for (_, key) in &pairs {
        assert_eq!(Decrypter::new([key.clone()]).decrypt_json(&jwe).unwrap().plaintext(), b"text");
    }
    assert_eq!(encrypter.encrypt(b"text").unwrap_err(), EncryptError::Form);
    let (direct, _) = keys(KeyManagement::Dir, enc, &rsa);
    assert_eq!(encrypter.and(direct).encrypt_general(b"text").unwrap_err(), EncryptError::Form);
}

/// RFC 7516 A.3: AES key wrap with AES-CBC and HMAC.
#[test]
fn rfc7516_a3_decrypts() {
    let jwe = "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ.AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvceFICbCVQ";
    let jwk = Jwk::parse(br#"{"kty":"oct","k":"GawgguFyGrWKav7AX4VKUg"}"#).unwrap();
    let key = DecryptionKey::from_jwk_for(KeyManagement::A128Kw, &jwk).unwrap();
    assert_eq!(Decrypter::new([key]).decrypt(jwe).unwrap().plaintext(), b"Live long and prosper.");
}

#[test]
fn the_examples_of_rfc7516_and_rfc7517_decrypt() {
    let Some(examples) = read("rfc/rfc7516.json") else { return };
    let find = |section: &str| {
        examples.as_array().unwrap().iter().find(|e| e["section"] == section).unwrap().clone()
    };
    let jwk = |value: &Value| Jwk::parse(value.to_string().as_bytes()).unwrap();

    let a1 = find("RFC 7516 A.1");
    let key = DecryptionKey::from_jwk_for(KeyManagement::RsaOaep, &jwk(&a1["jwk"])).unwrap();
    assert_eq!(
        Decrypter::new([key]).decrypt(text(&a1, "compact")).unwrap().plaintext(),
        text(&a1, "plaintext_utf8").as_bytes()
    );

    let a2 = find("RFC 7516 A.2");
    let key = DecryptionKey::from_jwk_for(KeyManagement::RsaOaep, &jwk(&a2["jwk"])).unwrap();
    assert_eq!(
        Decrypter::new([key]).decrypt(text(&a2, "compact")).unwrap_err(),
        DecryptError::AlgorithmNotAllowed
    );

    let a5 = find("RFC 7516 A.5");
    let key = DecryptionKey::from_jwk_for(KeyManagement::A128Kw, &jwk(&a5["jwk"])).unwrap();
    let decrypter = Decrypter::new([key]);
    assert_eq!(
        decrypter.decrypt_json(&a5["flattened_json"].to_string()).unwrap().plaintext(),
        text(&a5, "plaintext_utf8").as_bytes()
    );
    let a4 = find("RFC 7516 A.4.7");
    assert_eq!(
        decrypter.decrypt_json(&a4["general_json"].to_string()).unwrap().plaintext(),
        text(&a4, "plaintext_utf8").as_bytes()
    );

    let rfc7517 = read("rfc/rfc7517.json").unwrap();
    let c = rfc7517.as_array().unwrap().iter().find(|e| e["section"] == "RFC 7517 Appendix C").unwrap();
    let key =
        DecryptionKey::from_password(KeyManagement::Pbes2Hs256A128Kw, text(c, "password_utf8").as_bytes())
            .unwrap();
    let decrypted = Decrypter::new([key.clone()]).decrypt(text(c, "compact")).unwrap();
    assert_eq!(decrypted.cty(), Some("jwk+json"));
    Jwk::parse(decrypted.plaintext()).unwrap();
    let strict = Decrypter::new([key]).max_iterations(4095);
    assert_eq!(strict.decrypt(text(c, "compact")).unwrap_err(), DecryptError::Header { name: "p2c" });
}

#[test]
fn the_jose_cookbook_decrypts_and_what_is_refused_is_said() {
    // The second one goes beyond the RFC, and is in the folder beside the project.
    let folders =
        ["jwe", "curve25519"].map(|name| crate::vectors::place(&format!("rfc7520-cookbook/{name}")));
    let has_all = folders.iter().all(Option::is_some);
    let mut names: Vec<_> = folders
        .into_iter()
        .flatten()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    let mut decrypted = 0;
    for path in names {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let example: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let input = &example["input"];
        let Some(plaintext) = input["plaintext"].as_str() else { continue };
        let algs: Vec<&str> = input["alg"].as_array().map_or_else(
            || vec![text(input, "alg")],
            |list| list.iter().map(|alg| alg.as_str().unwrap()).collect(),
        );
        let mut keys = vec![];
        for (index, alg) in algs.iter().enumerate() {
            if *alg == "RSA1_5" {
                assert!(alg.parse::<KeyManagement>().is_err());
                continue;
            }
            let alg: KeyManagement = alg.parse().unwrap();
            keys.push(if let Some(password) = input["pwd"].as_str() {
                DecryptionKey::from_password(alg, password.as_bytes()).unwrap()
            } else {
                let jwk = if input["key"].is_array() { &input["key"][index] } else { &input["key"] };
                DecryptionKey::from_jwk_for(alg, &Jwk::parse(jwk.to_string().as_bytes()).unwrap()).unwrap()
            });
        }
        for key in keys {
            let decrypter = Decrypter::new([key]).max_len(100_000);
            for form in ["compact", "json", "json_flat"] {
                let output = &example["output"][form];
                let result = match output {
                    Value::Null => continue,
                    Value::String(jwe) => decrypter.decrypt(jwe),
                    json => decrypter.decrypt_json(&json.to_string()),
                };
                if name.starts_with("5_9") {
                    assert_eq!(result.unwrap_err(), DecryptError::Header { name: "zip" });
                    let lenient = decrypter.clone().allow_compressed(Decrypter::DEFAULT_INFLATE);
                    let result = match output {
                        Value::String(jwe) => lenient.decrypt(jwe),
                        json => lenient.decrypt_json(&json.to_string()),
                    };
                    assert_eq!(result.unwrap().plaintext(), plaintext.as_bytes());
                } else if name.starts_with("5_12") {
                    assert_eq!(result.unwrap_err(), DecryptError::Malformed, "`enc` must be protected");
                } else {
                    assert_eq!(
                        result.unwrap_or_else(|e| panic!("{name} {form}: {e}")).plaintext(),
                        plaintext.as_bytes()
                    );
                    decrypted += 1;
                }
            }
        }
    }
    assert!(decrypted == 30 || !has_all && decrypted >= 24, "{decrypted}");
}

#[test]
fn sealed_texts_open_with_the_same_key_only() {
    let (key, bytes) = EncryptionKey::generate().unwrap();
    let sealed = seal(&key, b"secret");
    assert_eq!(*open(&key, &sealed).unwrap(), *b"secret");
    assert_ne!(sealed, seal(&key, b"secret"), "a fresh nonce each time");
    assert_eq!(*open(&EncryptionKey::new(&*bytes).unwrap(), &sealed).unwrap(), *b"secret");
    assert_eq!(open(&EncryptionKey::generate().unwrap().0, &sealed).unwrap_err(), DecryptError::Failed);
    let named = key.clone().with_kid("k");
    assert_eq!(open(&named, &sealed).unwrap_err(), DecryptError::KeyNotFound);
    assert_eq!(*open(&named, &seal(&named, b"x")).unwrap(), *b"x");
    assert!(EncryptionKey::new(&[0; 16]).is_err());
    let jwk = Jwk::from_secret(&*bytes).with_alg("A256GCM");
    assert_eq!(
        Decrypter::new([DecryptionKey::from_jwk(&jwk).unwrap()]).decrypt(&sealed).unwrap().plaintext(),
        b"secret"
    );
}

pub(crate) fn direct(bytes: &[u8], enc: ContentEncryption) -> (Encrypter, Decrypter) {
    let jwk = Jwk::from_secret(bytes);
    let recipient = RecipientKey::from_jwk_for(KeyManagement::Dir, &jwk).unwrap();
    (
        Encrypter::new(enc, recipient),
        Decrypter::new([DecryptionKey::from_jwk_for(KeyManagement::Dir, &jwk).unwrap()]),
    )
}

pub(crate) fn with_segment(jwe: &str, index: usize, segment: &[u8]) -> String {
    let mut segments: Vec<String> = jwe.split('.').map(str::to_owned).collect();
    segments[index] = base64url::encode(segment);
    segments.join(".")
}

#[test]
fn nonces_and_tags_must_have_their_full_length() {
    for enc in [ContentEncryption::A256Gcm, ContentEncryption::A128CbcHs256] {
        let (encrypter, decrypter) = direct(&[7; 32], enc);
        let jwe = encrypter.encrypt(b"text").unwrap();
        for (index, segment) in [(2, 2), (4, 4)] {
            let good = base64url::decode(jwe.split('.').nth(segment).unwrap()).unwrap();
            for len in (0..good.len()).chain([good.len() + 1]) {
                let bad: Vec<u8> = good.iter().copied().chain([0]).take(len).collect();
                assert_eq!(
                    decrypter.decrypt(&with_segment(&jwe, index, &bad)).unwrap_err(),
                    DecryptError::Failed
                );
            }
        }
        let long = with_segment(&jwe, 2, &[0; 16]);
        assert_eq!(decrypter.decrypt(&long).unwrap_err(), DecryptError::Failed);
    }
}

#[test]
fn whatever_fails_with_a_key_fails_alike() {
    let rsa = rsa();
    for &alg in KeyManagement::ALL
        .iter()
        .filter(|alg| !matches!(alg, KeyManagement::Dir | KeyManagement::EcdhEs) && !is_hpke(**alg))
    {
        let (recipient, key) = keys(alg, ContentEncryption::A128CbcHs256, &rsa);
        let (encrypter, decrypter) =
            (Encrypter::new(ContentEncryption::A128CbcHs256, recipient), Decrypter::new([key]));
        let jwe = encrypter.encrypt(b"text").unwrap();
        for index in [1, 3, 4] {
            let mut segment = base64url::decode(jwe.split('.').nth(index).unwrap()).unwrap();
            segment[0] ^= 1;
            assert_eq!(
                decrypter.decrypt(&with_segment(&jwe, index, &segment)).unwrap_err(),
                DecryptError::Failed,
                "{alg} {index}"
            );
        }
        for bad in [vec![1], vec![1; 7], vec![1; 24], vec![1; 1000]] {
            assert_eq!(
                decrypter.decrypt(&with_segment(&jwe, 1, &bad)).unwrap_err(),
                DecryptError::Failed,
                "{alg}"
            );
        }
        assert_eq!(decrypter.decrypt(&with_segment(&jwe, 1, &[])).unwrap_err(), DecryptError::Malformed);
    }
}

#[test]
fn an_encrypted_key_beside_a_direct_one_is_refused() {
    let (encrypter, decrypter) = direct(&[7; 32], ContentEncryption::A256Gcm);
    let jwe = encrypter.encrypt(b"text").unwrap();
    assert_eq!(decrypter.decrypt(&with_segment(&jwe, 1, &[1; 8])).unwrap_err(), DecryptError::Malformed);
}

#[test]
fn headers_of_encrypted_texts_are_read_strictly() {
    let (encrypter, decrypter) = direct(&[7; 32], ContentEncryption::A256Gcm);
    let jwe = encrypter.encrypt(b"text").unwrap();
    let with_header =
        |header: &str| decrypter.decrypt(&with_segment(&jwe, 0, header.as_bytes())).unwrap_err().code();
    for (header, code) in [
        (r#"{"alg":"dir","enc":"A256GCM","x":1}"#, "decrypt_failed"),
        (r#"{"alg":"dir","enc":"A256GCM","alg":"dir"}"#, "header_malformed"),
        (r#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#, "header_malformed"),
        (r#"{"alg":"dir","enc":"A256GCM","zip":"LZW"}"#, "header_malformed"),
        (r#"{"alg":"dir","enc":"A256GCM","crit":["x"],"x":1}"#, "critical_header_unknown"),
        (r#"{"alg":"dir","enc":"A256GCM","crit":[]}"#, "critical_header_unknown"),
        (r#"{"alg":"RSA1_5","enc":"A256GCM"}"#, "algorithm_not_allowed"),
        (r#"{"alg":"none","enc":"A256GCM"}"#, "algorithm_not_allowed"),
        (r#"{"alg":"A256KW","enc":"A256GCM"}"#, "algorithm_not_allowed"),
        (r#"{"alg":"dir","enc":"none"}"#, "algorithm_not_allowed"),
        (r#"{"alg":"dir","enc":5}"#, "header_malformed"),
        (r#"{"alg":"dir"}"#, "header_malformed"),
        (r#"{"enc":"A256GCM"}"#, "header_malformed"),
        (r#"[]"#, "header_malformed"),
    ] {
        assert_eq!(with_header(header), code, "{header}");
    }
    for broken in ["", "....", "a.b.c.d", &format!("{jwe}."), &format!("{jwe}.x"), &jwe.replace('.', "..")] {
        assert!(decrypter.decrypt(broken).is_err());
    }
}

#[test]
fn agreement_parameters_are_checked_before_use() {
    let jwk = Jwk::parse(P256.as_bytes()).unwrap();
    let key = DecryptionKey::from_jwk_for(KeyManagement::EcdhEs, &jwk).unwrap();
    let decrypter = Decrypter::new([key]);
    let header = |extra: &str| base64url::encode(format!(r#"{{"alg":"ECDH-ES","enc":"A256GCM"{extra}}}"#));
    let public = jwk.public().unwrap().to_json();
    let cases = [
        String::new(),
        r#","epk":5"#.to_owned(),
        format!(r#","epk":{}"#, jwk.to_json().as_str()),
        format!(r#","epk":{X25519}"#),
        format!(r#","epk":{},"apu":"?""#, public.as_str()),
        format!(r#","epk":{},"apv":"{}""#, public.as_str(), base64url::encode([0; 1025])),
    ];
    for extra in cases {
        let jwe =
            format!("{}..{}.AA.{}", header(&extra), base64url::encode([0; 12]), base64url::encode([0; 16]));
        assert_eq!(decrypter.decrypt(&jwe).unwrap_err().code(), "header_malformed", "{extra}");
    }
    let off_curve = public.replace("e8lnCO", "e8lnCA");
    let jwe = format!(
        "{}..{}.AA.{}",
        header(&format!(r#","epk":{off_curve}"#)),
        base64url::encode([0; 12]),
        base64url::encode([0; 16])
    );
    assert_eq!(decrypter.decrypt(&jwe).unwrap_err(), DecryptError::Failed);
    let zero = format!(r#","epk":{{"kty":"OKP","crv":"X25519","x":"{}"}}"#, base64url::encode([0; 32]));
    let key =
        DecryptionKey::from_jwk_for(KeyManagement::EcdhEs, &Jwk::parse(X25519.as_bytes()).unwrap()).unwrap();
    let jwe = format!("{}..{}.AA.{}", header(&zero), base64url::encode([0; 12]), base64url::encode([0; 16]));
    assert_eq!(Decrypter::new([key]).decrypt(&jwe).unwrap_err(), DecryptError::Failed);
}

#[test]
fn password_work_is_bounded_before_it_is_done() {
    let alg = KeyManagement::Pbes2Hs256A128Kw;
    let decrypter = Decrypter::new([DecryptionKey::from_password(alg, b"password").unwrap()]);
    let try_count = |p2c: &str, p2s: &str| {
        let header = format!(r#"{{"alg":"{alg}","enc":"A128GCM","p2c":{p2c},"p2s":"{p2s}"}}"#);
        let jwe = format!(
            "{}.{}.{}.AA.{}",
            base64url::encode(header),
            base64url::encode([0; 24]),
            base64url::encode([0; 12]),
            base64url::encode([0; 16])
        );
        decrypter.decrypt(&jwe).unwrap_err().code()
    };
    let salt = base64url::encode([7; 16]);
    for count in
        ["0", "999", "1200001", "2147483648", "4294967296", "-1", "1e4", "1000.0", "\"1000\"", "null"]
    {
        assert_eq!(try_count(count, &salt), "header_malformed", "{count}");
    }
    assert_eq!(try_count("1000", &base64url::encode([7; 7])), "header_malformed");
    assert_eq!(try_count("1000", &salt), "decrypt_failed");
    assert!(RecipientKey::from_password(alg, b"x").unwrap().iterations(999).is_err());
    assert!(RecipientKey::from_password(KeyManagement::A128Kw, b"x").is_err());
}

#[test]
fn a_decompression_bomb_is_stopped_at_the_limit() {
    // A stream that repeats one byte: 10 MB of zeros in 10 kB.
    let bomb = miniz_oxide::deflate::compress_to_vec(&vec![0; 10_000_000], 9);
    let small = miniz_oxide::deflate::compress_to_vec(b"small", 9);
    let trailing = [small.as_slice(), b"x"].concat();
    let double = [small.as_slice(), small.as_slice()].concat();
    let key = jeton_jose::random::bytes::<32>();
    let jwk = Jwk::from_secret(&key);
    let decrypter = Decrypter::new([DecryptionKey::from_jwk_for(KeyManagement::Dir, &jwk).unwrap()])
        .allow_compressed(250_000);
    for (text, opens) in [(&bomb, false), (&small, true), (&trailing, false), (&double, false)] {
        let jwe = compressed(&key, text);
        assert_eq!(
            decrypter.decrypt(&jwe).map(|decrypted| decrypted.plaintext().to_vec()).ok(),
            opens.then(|| b"small".to_vec())
        );
        let default = Decrypter::new([DecryptionKey::from_jwk_for(KeyManagement::Dir, &jwk).unwrap()]);
        assert_eq!(default.decrypt(&jwe).unwrap_err(), DecryptError::Header { name: "zip" });
    }
}

/// This crate never compresses, so the test encrypts by itself.
pub(crate) fn compressed(key: &[u8; 32], text: &[u8]) -> String {
    use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
    let header = base64url::encode(r#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#);
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).unwrap());
    let mut text = text.to_vec();
    let tag = key
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key([1; 12]),
            Aad::from(header.as_bytes()),
            &mut text,
        )
        .unwrap();
    format!(
        "{header}..{}.{}.{}",
        base64url::encode([1; 12]),
        base64url::encode(text),
        base64url::encode(tag.as_ref())
    )
}

#[test]
fn malformed_json_forms_of_encrypted_texts_are_refused() {
    let jwk = Jwk::from_secret(&[7; 32]);
    let alg = KeyManagement::A256Kw;
    let encrypter =
        Encrypter::new(ContentEncryption::A256Gcm, RecipientKey::from_jwk_for(alg, &jwk).unwrap());
    let decrypter = Decrypter::new([DecryptionKey::from_jwk_for(alg, &jwk).unwrap()]);
    let good: Value = serde_json::from_str(&encrypter.encrypt_general(b"x").unwrap()).unwrap();
    assert!(decrypter.decrypt_json(&good.to_string()).is_ok());
    let with = |change: &dyn Fn(&mut Value)| {
        let mut jwe = good.clone();
        change(&mut jwe);
        decrypter.decrypt_json(&jwe.to_string()).map(drop)
    };
    let recipient = list(&good, "recipients")[0].clone();
    assert!(with(&|jwe| jwe["unprotected"] = json!({})).is_err());
    assert!(with(&|jwe| jwe["unprotected"] = json!({"enc": "A256GCM"})).is_err());
    assert!(with(&|jwe| jwe["unprotected"] = json!({"zip": "DEF"})).is_err());
    assert!(with(&|jwe| jwe["unprotected"] = json!({"crit": ["x"]})).is_err());
    assert!(with(&|jwe| jwe["unprotected"] = json!({"alg": "A256KW"})).is_err(), "a name in two headers");
    assert!(with(&|jwe| jwe["recipients"] = json!([])).is_err());
    assert!(with(&|jwe| jwe["recipients"] = json!(vec![recipient.clone(); 17])).is_err());
    assert!(with(&|jwe| jwe["encrypted_key"] = recipient["encrypted_key"].clone()).is_err());
    assert!(with(&|jwe| jwe["protected"] = json!("")).is_err());
    assert!(with(&|jwe| jwe["aad"] = json!("")).is_err());
    assert!(
        with(&|jwe| jwe["recipients"] = json!([recipient, {"header": {"alg": "dir"}}])).is_err(),
        "dir beside another"
    );
}

#[test]
fn keys_for_signatures_do_not_decrypt_and_the_reverse() {
    let signing = jeton_jose::PrivateKey::generate(jeton_jose::Algorithm::PS256).unwrap().to_jwk();
    assert_eq!(
        DecryptionKey::from_jwk_for(KeyManagement::RsaOaep256, &signing).unwrap_err().code(),
        "key_algorithm_unknown"
    );
    let json = signing.to_json().replace(r#""alg":"PS256","#, "");
    let unnamed = Jwk::parse(json.as_bytes()).unwrap();
    assert_eq!(DecryptionKey::from_jwk_for(KeyManagement::RsaOaep256, &unnamed).unwrap_err(), KeyError::Use);
    let key = Jwk::parse(X25519.as_bytes()).unwrap();
    assert!(jeton_jose::PrivateKey::from_jwk(&key).is_err());
}

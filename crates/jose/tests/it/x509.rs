//! Certificates: as keys, and as a reason to trust a key that came with a token.

use jeton_jose::jwe::{KeyManagement, RecipientKey};
use jeton_jose::x509::{
    AlternativeName, Certificate, CertificateChain, CertificateError, CertificateName, NameAttribute,
    Purpose, TrustRoots, Verifier,
};
use jeton_jose::{
    Algorithm, Jwk, JwkSet, KeyError, KeySet, PrivateKey, PublicKey, SharedSecret, SignError, Timestamp,
    VerifyError, jws, jwt,
};
use rcgen::{
    BasicConstraints, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType,
    date_time_ymd,
};
use serde_json::{Value, json};

use crate::certificates::{Authority, Certified, base64, pem};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

fn host() -> CertificateName {
    CertificateName::dns("issuer.example")
}

fn verifier(roots: &Authority) -> Verifier {
    Verifier::new(roots.trusted(), host(), [Algorithm::ES256])
}

fn sign(key: &PrivateKey, chain: &CertificateChain) -> String {
    let claims = json!({"iss": "i", "aud": "a", "exp": NOW.unix() + 300});
    jwt::Signer::new(key).certificates(chain).unwrap().sign(&claims).unwrap()
}

fn verify(verifier: &Verifier, certified: &Certified) -> Result<PublicKey, KeyError> {
    verifier.verify(&certified.chain(), Algorithm::ES256, NOW)
}

fn refused(result: Result<PublicKey, KeyError>) -> CertificateError {
    match result.unwrap_err() {
        KeyError::Certificate(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn a_certificate_says_who_holds_it_and_until_when() {
    let root = Authority::root("root");
    let certified = root.certify_key(&rcgen::PKCS_ECDSA_P256_SHA256, Algorithm::ES256, |params| {
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CountryName, "FR");
        params.distinguished_name.push(DnType::CommonName, "Lučić");
        params.subject_alt_names = vec![
            SanType::DnsName("Web.example".try_into().unwrap()),
            SanType::URI("https://web.example/".try_into().unwrap()),
            SanType::Rfc822Name("web@web.example".try_into().unwrap()),
            SanType::IpAddress("192.0.2.7".parse().unwrap()),
            SanType::IpAddress("2001:db8::7".parse().unwrap()),
        ];
        params.not_after = date_time_ymd(2031, 5, 17);
    });
    let certificate = Certificate::parse(&certified.der).unwrap();
    let attribute = |oid: &str, value: &str| vec![NameAttribute { oid: oid.into(), value: value.into() }];
    assert_eq!(certificate.subject().unwrap(), [attribute("2.5.4.6", "FR"), attribute("2.5.4.3", "Lučić")]);
    assert_eq!(
        certificate.alternative_names().unwrap(),
        [
            AlternativeName::Dns("Web.example".into()),
            AlternativeName::Uri("https://web.example/".into()),
            AlternativeName::Email("web@web.example".into()),
            AlternativeName::Ip("192.0.2.7".parse().unwrap()),
            AlternativeName::Ip("2001:db8::7".parse().unwrap()),
        ]
    );
    assert_eq!(certificate.not_after().unwrap(), Timestamp::from_unix(1_936_742_400));
}

#[test]
fn a_certificate_is_read_as_the_key_within() {
    let root = Authority::root("root");
    for (kind, algorithm) in [
        (&rcgen::PKCS_ECDSA_P256_SHA256, Algorithm::ES256),
        (&rcgen::PKCS_ECDSA_P384_SHA384, Algorithm::ES384),
        (&rcgen::PKCS_ECDSA_P521_SHA512, Algorithm::ES512),
        (&rcgen::PKCS_ED25519, Algorithm::Ed25519),
        (&rcgen::PKCS_RSA_SHA256, Algorithm::PS256),
    ] {
        let certified = root.certify_key(kind, algorithm, |_| {});
        let thumbprint = certified.key.to_jwk().thumbprint();
        let text = format!("subject=signer\n{}", pem("CERTIFICATE", &certified.der));
        let from_pem = PublicKey::from_pem(algorithm, &text).unwrap();
        let from_der = PublicKey::from_der(algorithm, &certified.der).unwrap();
        let jwk = Jwk::from_pem(&text).unwrap();
        assert_eq!(from_pem.to_jwk().thumbprint(), thumbprint, "{algorithm}");
        assert_eq!(from_der.to_jwk().thumbprint(), thumbprint);
        assert!(jwk.is_public() && jwk.thumbprint() == thumbprint && jwk.certificates().is_none());
        assert!(PrivateKey::from_pem(algorithm, &text).is_err());
    }
    let rsa = root.certify_key(&rcgen::PKCS_RSA_SHA256, Algorithm::RS256, |_| {});
    assert!(
        RecipientKey::from_jwk_for(KeyManagement::RsaOaep256, &Jwk::from_der(&rsa.der).unwrap()).is_ok(),
        "a certificate serves for encryption too"
    );
}

#[test]
fn a_token_is_verified_by_the_certificates_it_carries() {
    let root = Authority::root("root");
    let middle = root.intermediate("middle", |_| {});
    let certified = middle.certify(|_| {});
    // The root may come along, and the order of the authorities does not matter.
    for others in [&[&middle] as &[_], &[&middle, &root], &[&root, &middle]] {
        let token = sign(&certified.key, &certified.chain_through(others));
        let key = verifier(&root).key_of(&token, NOW).unwrap();
        assert_eq!(key.algorithm(), Algorithm::ES256);
        assert!(jwt::Verifier::new("i", "a", key).verify::<Value>(&token, NOW).is_ok());
    }
    let chain = certified.chain_through(&[&middle]);
    let jws = jws::Signer::new(&certified.key)
        .certificates(&chain)
        .and_then(|signer| signer.certificate_thumbprint(&chain))
        .unwrap();
    let jws = jws.sign(b"payload").unwrap();
    let key = verifier(&root).key_of(&jws, NOW).unwrap();
    assert_eq!(jws::Verifier::new(key).verify(&jws).unwrap().payload(), b"payload");
}

#[test]
fn one_of_several_signatures_is_verified_by_its_certificates() {
    let root = Authority::root("root");
    let (certified, stranger) = (root.certify(|_| {}), Authority::root("other").certify(|_| {}));
    let signer =
        |certified: &Certified| jws::Signer::new(&certified.key).certificates(&certified.chain()).unwrap();
    let general = jws::sign_general(&[signer(&stranger), signer(&certified)], b"payload").unwrap();
    let keys = verifier(&root).keys_of_json(&general, NOW).unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(jws::Verifier::new(keys).verify_json(&general).unwrap().signature_index(), 1);
    let flattened = signer(&certified).sign_flattened(b"payload").unwrap();
    let keys = verifier(&root).keys_of_json(&flattened, NOW).unwrap();
    assert_eq!(jws::Verifier::new(keys).verify_json(&flattened).unwrap().payload(), b"payload");
    let strange = signer(&stranger).sign_flattened(b"payload").unwrap();
    assert_eq!(verifier(&root).keys_of_json(&strange, NOW).unwrap_err().code(), "certificate_untrusted");
    let bare = jws::Signer::new(&certified.key).sign_flattened(b"payload").unwrap();
    assert_eq!(verifier(&root).keys_of_json(&bare, NOW).unwrap_err().code(), "key_not_found");
    assert_eq!(verifier(&root).keys_of_json("{}", NOW).unwrap_err(), VerifyError::Malformed);
    // Certificates that are not protected could be exchanged, and do not count.
    let mut moved: Value = serde_json::from_str(&bare).unwrap();
    moved["header"] = json!({"x5c": [base64(&certified.der)]});
    assert_eq!(verifier(&root).keys_of_json(&moved.to_string(), NOW).unwrap_err().code(), "key_not_found");
}

#[test]
fn embedded_certificates_are_never_used_without_roots() {
    let forger = Authority::root("root");
    let forged = forger.certify(|_| {});
    let token = sign(&forged.key, &forged.chain_through(&[&forger]));
    let own = PrivateKey::generate(Algorithm::ES256).unwrap().public_key();
    let error = jwt::Verifier::new("i", "a", &own).verify::<Value>(&token, NOW).unwrap_err();
    assert_eq!(error, VerifyError::SignatureInvalid);
    assert_eq!(jws::Verifier::new(&own).verify(&token).unwrap_err(), VerifyError::SignatureInvalid);
    // Another root of the same name does not help either.
    let error = verifier(&Authority::root("root")).key_of(&token, NOW).unwrap_err();
    assert_eq!(error.code(), "certificate_untrusted");
}

#[test]
fn a_chain_that_does_not_lead_to_a_root_is_refused() {
    let root = Authority::root("root");
    let middle = root.intermediate("middle", |_| {});
    let certified = middle.certify(|_| {});
    assert_eq!(refused(verify(&verifier(&root), &certified)), CertificateError::Untrusted);
    assert!(verify(&verifier(&middle), &certified).is_ok(), "any authority may be a root");
    let other = root.intermediate("middle", |_| {});
    let through_other = verifier(&root).verify(&certified.chain_through(&[&other]), Algorithm::ES256, NOW);
    assert_eq!(refused(through_other), CertificateError::Untrusted);
    let empty = TrustRoots::from_der(Vec::<Vec<u8>>::new());
    assert_eq!(empty.unwrap_err(), CertificateError::NoRoots);
}

#[test]
fn a_certificate_that_was_tampered_with_is_refused_at_every_byte() {
    let root = Authority::root("root");
    let certified = root.certify(|_| {});
    let verifier = verifier(&root);
    for at in 0..certified.der.len() {
        let mut der = certified.der.clone();
        der[at] ^= 1;
        let verified = CertificateChain::from_der([der])
            .and_then(|chain| verifier.verify(&chain, Algorithm::ES256, NOW));
        assert!(verified.is_err(), "{at}");
        assert!(CertificateChain::from_der([&certified.der[..at]]).is_err());
    }
    assert!(CertificateChain::from_der([[certified.der.as_slice(), &[0]].concat()]).is_err());
}

#[test]
fn certificates_out_of_their_time_are_refused() {
    let root = Authority::root("root");
    let past = root.certify(|params| params.not_after = date_time_ymd(2026, 12, 31));
    let not_after = Timestamp::from_unix(1_798_675_200);
    assert_eq!(refused(verify(&verifier(&root), &past)), CertificateError::Expired { not_after, now: NOW });
    let at = |now| verifier(&root).verify(&past.chain(), Algorithm::ES256, now);
    assert!(at(not_after).is_ok() && at(Timestamp::from_unix(not_after.unix() + 1)).is_err());
    let future = root.certify(|params| params.not_before = date_time_ymd(2028, 1, 1));
    assert_eq!(refused(verify(&verifier(&root), &future)).code(), "certificate_not_yet_valid");
    let middle = root.intermediate("middle", |params| params.not_after = date_time_ymd(2026, 12, 31));
    let through =
        verifier(&root).verify(&middle.certify(|_| {}).chain_through(&[&middle]), Algorithm::ES256, NOW);
    assert_eq!(refused(through).code(), "certificate_expired");
}

#[test]
fn only_authorities_certify() {
    let root = Authority::root("root");
    let through = |middle: &Authority| {
        verifier(&root).verify(&middle.certify(|_| {}).chain_through(&[middle]), Algorithm::ES256, NOW)
    };
    for is_ca in [IsCa::NoCa, IsCa::ExplicitNoCa] {
        let middle = root.intermediate("middle", |params| params.is_ca = is_ca);
        assert_eq!(refused(through(&middle)), CertificateError::Untrusted);
    }
    let usage = |usage| root.intermediate("middle", |params| params.key_usages = vec![usage]);
    assert_eq!(refused(through(&usage(KeyUsagePurpose::DigitalSignature))), CertificateError::Untrusted);
    assert!(through(&usage(KeyUsagePurpose::KeyCertSign)).is_ok());
    let last = root.intermediate("last", |params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    assert!(through(&last).is_ok());
    let beyond = last.intermediate("beyond", |_| {});
    let certified = beyond.certify(|_| {});
    let chain = certified.chain_through(&[&beyond, &last]);
    let result = verifier(&root).verify(&chain, Algorithm::ES256, NOW);
    assert_eq!(refused(result), CertificateError::Untrusted, "the path is too long");
    let authority = root.certify(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    assert_eq!(
        refused(verify(&verifier(&root), &authority)),
        CertificateError::Untrusted,
        "an authority does not sign tokens"
    );
}

#[test]
fn a_certificate_for_another_purpose_does_not_sign() {
    let root = Authority::root("root");
    let named = |purposes: &[ExtendedKeyUsagePurpose]| {
        root.certify(|params| params.extended_key_usages = purposes.to_vec())
    };
    let id_kp_jwt = ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 37]);
    let web = named(&[ExtendedKeyUsagePurpose::ServerAuth]);
    assert_eq!(refused(verify(&verifier(&root), &web)), CertificateError::Purpose);
    assert!(verify(&verifier(&root).purpose(Purpose::ServerAuth), &web).is_ok());
    for good in [
        named(std::slice::from_ref(&id_kp_jwt)),
        named(&[ExtendedKeyUsagePurpose::ServerAuth, id_kp_jwt]),
        named(&[ExtendedKeyUsagePurpose::Any]),
    ] {
        assert!(verify(&verifier(&root), &good).is_ok());
    }
    let usage = |usages: &[KeyUsagePurpose]| root.certify(|params| params.key_usages = usages.to_vec());
    let agreement = usage(&[KeyUsagePurpose::KeyAgreement]);
    assert_eq!(refused(verify(&verifier(&root), &agreement)), CertificateError::Purpose);
    let both = usage(&[KeyUsagePurpose::KeyAgreement, KeyUsagePurpose::DigitalSignature]);
    assert!(verify(&verifier(&root), &both).is_ok());
}

#[test]
fn the_certificate_of_a_client_leads_to_a_root_and_is_for_clients() {
    let (root, other) = (Authority::root("root"), Authority::root("other"));
    let named = |purposes: &[ExtendedKeyUsagePurpose]| {
        root.certify(|params| params.extended_key_usages = purposes.to_vec()).chain()
    };
    let client = named(&[ExtendedKeyUsagePurpose::ClientAuth]);
    assert_eq!(root.trusted().verify(&client, Purpose::ClientAuth, NOW), Ok(()));
    assert_eq!(root.trusted().verify(&named(&[]), Purpose::ClientAuth, NOW), Ok(()));
    let refused = other.trusted().verify(&client, Purpose::ClientAuth, NOW);
    assert_eq!(refused, Err(CertificateError::Untrusted));
    let signing = ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 37]);
    for another in [ExtendedKeyUsagePurpose::ServerAuth, signing] {
        let refused = root.trusted().verify(&named(&[another]), Purpose::ClientAuth, NOW);
        assert_eq!(refused, Err(CertificateError::Purpose));
    }
    let past = root.certify(|params| params.not_after = date_time_ymd(2020, 1, 1)).chain();
    let refused = root.trusted().verify(&past, Purpose::ClientAuth, NOW);
    assert!(matches!(refused, Err(CertificateError::Expired { .. })), "{refused:?}");
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let root = Authority::root("root");
    let certified = root.certify(|params| {
        params.subject_alt_names = vec![
            SanType::DnsName("*.issuer.example".try_into().unwrap()),
            SanType::URI("https://issuer.example/".try_into().unwrap()),
            SanType::IpAddress("192.0.2.1".parse().unwrap()),
        ];
    });
    let named = |name| verify(&Verifier::new(root.trusted(), name, [Algorithm::ES256]), &certified);
    for good in [
        CertificateName::dns("one.issuer.example"),
        CertificateName::uri("https://issuer.example/"),
        CertificateName::ip("192.0.2.1".parse().unwrap()),
        CertificateName::any(),
    ] {
        assert!(named(good).is_ok());
    }
    for other in [
        CertificateName::dns("issuer.example"),
        CertificateName::dns("a.b.issuer.example"),
        CertificateName::dns("192.0.2.1"),
        CertificateName::dns("signer"),
        CertificateName::dns(""),
        CertificateName::uri("https://issuer.example"),
        CertificateName::ip("192.0.2.2".parse().unwrap()),
    ] {
        assert_eq!(refused(named(other)), CertificateError::NameMismatch);
    }
}

#[test]
fn the_algorithm_is_one_that_the_caller_names_and_the_key_has() {
    let root = Authority::root("root");
    let rsa = root.certify_key(&rcgen::PKCS_RSA_SHA256, Algorithm::RS256, |_| {});
    let token = sign(&rsa.key, &rsa.chain());
    let allowing =
        |algorithms: &[Algorithm]| Verifier::new(root.trusted(), host(), algorithms.iter().copied());
    assert!(allowing(&[Algorithm::RS256, Algorithm::ES256]).key_of(&token, NOW).is_ok());
    let error = allowing(&[Algorithm::PS256]).key_of(&token, NOW).unwrap_err();
    assert_eq!(error.code(), "algorithm_not_allowed");
    let wanted = Algorithm::ES256;
    let error = allowing(&[wanted]).verify(&rsa.chain(), wanted, NOW).unwrap_err();
    assert_eq!(error, KeyError::AlgorithmMismatch { wanted });
    for algorithm in [Algorithm::PS256, Algorithm::HS256] {
        assert!(allowing(&[Algorithm::RS256]).verify(&rsa.chain(), algorithm, NOW).is_err());
    }
}

#[test]
fn a_thumbprint_alone_is_no_key_and_must_fit_the_certificate() {
    let root = Authority::root("root");
    let (certified, other) = (root.certify(|_| {}), root.certify(|_| {}));
    let key_of = |header: Value| {
        let header = jeton_jose::base64url::encode(header.to_string());
        verifier(&root).key_of(&format!("{header}.e30."), NOW)
    };
    let x5c = json!([base64(&certified.der)]);
    let sha1 = jeton_jose::base64url::encode([7; 20]);
    assert!(key_of(json!({"alg": "ES256", "x5c": x5c, "x5t": sha1})).is_ok(), "SHA-1 decides nothing");
    for header in [
        json!({"alg": "ES256"}),
        json!({"alg": "ES256", "x5t": sha1}),
        json!({"alg": "ES256", "x5t#S256": certified.chain().thumbprint()}),
        json!({"alg": "ES256", "x5u": "https://issuer.example/certificates", "jku": "https://issuer.example/keys"}),
    ] {
        assert_eq!(key_of(header).unwrap_err().code(), "key_not_found");
    }
    let error =
        key_of(json!({"alg": "ES256", "x5c": x5c, "x5t#S256": other.chain().thumbprint()})).unwrap_err();
    assert_eq!(error.code(), "certificate_thumbprint_mismatch");
    for sha1 in [json!("AAAA"), json!(7)] {
        assert!(key_of(json!({"alg": "ES256", "x5c": x5c, "x5t": sha1})).is_ok(), "it is never read");
    }
    for (name, value) in [
        ("x5t#S256", json!(sha1)),
        ("x5t#S256", json!(null)),
        ("x5t#S256", json!(format!("{}=", certified.chain().thumbprint()))),
    ] {
        let mut header = json!({"alg": "ES256", "x5c": x5c});
        header[name] = value;
        assert_eq!(key_of(header).unwrap_err(), VerifyError::Header { name });
    }
}

#[test]
fn x5c_is_an_array_of_plain_base64_and_nothing_else() {
    let root = Authority::root("root");
    let certified = root.certify(|_| {});
    let jwk: Value = serde_json::from_str(&certified.key.public_key().to_jwk().to_json()).unwrap();
    let parse = |x5c: Value| {
        let mut jwk = jwk.clone();
        jwk["x5c"] = x5c;
        Jwk::parse(jwk.to_string().as_bytes())
    };
    let good = base64(&certified.der);
    for chain in [json!([good]), json!([good, base64(&root.der())])] {
        assert!(parse(chain).unwrap().certificates().is_some());
    }
    for malformed in [
        json!(good),
        json!([]),
        json!({}),
        json!(null),
        json!([7]),
        json!([good, null]),
        json!(vec![""; 9]),
        json!([format!(" {good}")]),
        json!([format!("{good}\n")]),
        json!([format!("{good}=")]),
        json!([format!("{good}A")]),
        json!([good.replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned() + "-"]),
        json!([pem("CERTIFICATE", &certified.der)]),
        json!(["A".repeat(100_000)]),
        json!([good, good, good, good, good, good, good, good, good]),
    ] {
        let key = parse(malformed.clone()).unwrap();
        let fault = KeyError::MemberMalformed { name: "x5c" };
        assert_eq!((key.certificates(), key.certificate_fault()), (None, Some(&fault)), "{malformed}");
    }
    for not_a_certificate in ["", "AAAA", &base64(&certified.key.public_key().to_jwk().to_der().unwrap())] {
        let key = parse(json!([not_a_certificate])).unwrap();
        assert_eq!(key.certificate_fault().map(KeyError::code), Some("certificate_malformed"));
    }
}

#[test]
fn keys_of_a_published_set_may_have_certificates() {
    let root = Authority::root("root");
    let certified = root.certify_key(&rcgen::PKCS_RSA_SHA256, Algorithm::RS256, |_| {});
    let jwk = certified.key.public_key().with_kid("k").to_jwk().with_certificates(certified.chain()).unwrap();
    let mut json: Value = serde_json::from_str(&jwk.to_json()).unwrap();
    json["x5t"] = json!(jeton_jose::base64url::encode([7; 20]));
    let set = JwkSet::parse(json!({"keys": [json]}).to_string().as_bytes()).unwrap();
    let keys = KeySet::from_jwk_set(&set).unwrap();
    let token = sign(&certified.key.clone().with_kid("k"), &certified.chain());
    assert!(jwt::Verifier::new("i", "a", keys).verify::<Value>(&token, NOW).is_ok());
    json["x5c"] = json!([base64(&root.der())]);
    let set = JwkSet::parse(json!({"keys": [json]}).to_string().as_bytes()).unwrap();
    assert!(
        set.keys()[0].certificates().is_none(),
        "a certificate for another key says nothing about this one"
    );
}

#[test]
fn the_certificate_of_a_jwk_is_for_its_key() {
    let root = Authority::root("root");
    let (certified, other) = (root.certify(|_| {}), root.certify(|_| {}));
    let mismatch = KeyError::Certificate(CertificateError::KeyMismatch);
    for jwk in [certified.key.to_jwk(), certified.key.public_key().to_jwk()] {
        assert_eq!(jwk.clone().with_certificates(other.chain()).unwrap_err(), mismatch);
        let jwk = jwk.with_certificates(certified.chain_through(&[&root])).unwrap();
        let again = Jwk::parse(jwk.to_json().as_bytes()).unwrap();
        assert_eq!(again.to_json(), jwk.to_json());
        assert_eq!(again.certificates(), jwk.certificates());
        assert_eq!(again.public().unwrap().certificate_thumbprint(), Some(&*certified.chain().thumbprint()));
        let mut json: Value = serde_json::from_str(&jwk.to_json()).unwrap();
        assert_eq!(json["x5c"], json!([base64(&certified.der), base64(&root.der())]));
        json["x5c"] = json!([base64(&other.der), base64(&certified.der)]);
        json["x5t#S256"] = json!(other.chain().thumbprint());
        let fault = |json: &Value| {
            let key = Jwk::parse(json.to_string().as_bytes()).unwrap();
            assert!(key.certificates().is_none() && key.certificate_thumbprint().is_none());
            key.certificate_fault().cloned().unwrap()
        };
        assert_eq!(fault(&json), mismatch);
        json["x5c"] = json!([base64(&certified.der)]);
        assert_eq!(fault(&json), KeyError::Certificate(CertificateError::ThumbprintMismatch));
    }
    let secret = SharedSecret::generate(Algorithm::HS256).unwrap().to_jwk();
    assert_eq!(secret.with_certificates(certified.chain()).unwrap_err().code(), "key_kind");
}

#[test]
fn a_signer_shows_only_certificates_for_its_own_key() {
    let root = Authority::root("root");
    let (certified, other) = (root.certify(|_| {}), root.certify(|_| {}));
    let mismatch = SignError::Key(KeyError::Certificate(CertificateError::KeyMismatch));
    let signer = || jwt::Signer::new(&certified.key);
    assert_eq!(signer().certificates(&other.chain()).unwrap_err(), mismatch);
    assert_eq!(signer().certificate_thumbprint(&other.chain()).unwrap_err(), mismatch);
    let error = jws::Signer::new(&certified.key).certificates(&other.chain()).unwrap_err();
    assert_eq!(error, mismatch);
    let once = signer().certificates(&certified.chain()).unwrap();
    assert_eq!(once.certificates(&certified.chain()).unwrap_err(), SignError::HeaderName);
    let secret = SharedSecret::generate(Algorithm::HS256).unwrap();
    assert!(jwt::Signer::new(secret).certificates(&certified.chain()).is_err());
}

#[test]
fn a_certificate_is_no_secret() {
    let root = Authority::root("root");
    for (kind, algorithm) in
        [(&rcgen::PKCS_ECDSA_P256_SHA256, Algorithm::ES256), (&rcgen::PKCS_RSA_SHA256, Algorithm::RS256)]
    {
        let certified = root.certify_key(kind, algorithm, |_| {});
        let text = pem("CERTIFICATE", &certified.der);
        for secret in [
            text.as_bytes().to_vec(),
            [b" \n", text.as_bytes()].concat(),
            ["\u{feff}".as_bytes(), text.as_bytes()].concat(),
            text.replace('\n', "\r\n").into_bytes(),
            text.trim_end().as_bytes().to_vec(),
            base64(&certified.der).into_bytes(),
            certified.der.clone(),
        ] {
            let error = SharedSecret::new(Algorithm::HS256, &secret).unwrap_err();
            assert_eq!(error, KeyError::SecretIsPublicKey);
        }
    }
}

#[test]
fn too_many_and_too_large_certificates_are_refused() {
    let root = Authority::root("root");
    let certified = root.certify(|_| {});
    let chain = |count: usize| CertificateChain::from_der(vec![certified.der.clone(); count]);
    let limit = CertificateChain::MAX_CERTIFICATES;
    let length = KeyError::Certificate(CertificateError::ChainLength { limit });
    assert!(chain(limit).is_ok());
    assert_eq!(chain(limit + 1).unwrap_err(), length);
    assert_eq!(chain(0).unwrap_err(), length);
    let limit = CertificateChain::MAX_CERTIFICATE_LEN;
    let large = vec![0x30; limit + 1];
    let too_large = CertificateError::TooLarge { limit };
    assert_eq!(
        CertificateChain::from_der([large.clone()]).unwrap_err(),
        KeyError::Certificate(too_large.clone())
    );
    assert_eq!(TrustRoots::from_der([large]).unwrap_err(), too_large);
    let token = sign(&certified.key, &certified.chain());
    let error = verifier(&root).max_len(token.len() - 1).key_of(&token, NOW).unwrap_err();
    assert_eq!(error.code(), "token_too_large");
}

#[test]
fn a_file_of_certificates_holds_nothing_else() {
    let root = Authority::root("root");
    let certified = root.certify(|_| {});
    let (one, two) = (pem("CERTIFICATE", &certified.der), pem("CERTIFICATE", &root.der()));
    let chain = CertificateChain::from_pem(&format!("first\n{one}second\n{two}")).unwrap();
    assert_eq!(chain, certified.chain_through(&[&root]));
    assert_eq!(TrustRoots::from_pem(&format!("{one}{two}")).unwrap().count(), 2);
    let private = certified.key.to_jwk().to_pem().unwrap();
    for text in ["", "nothing", &format!("{one}{}", *private), &one.replace("-----END CERTIFICATE", "")] {
        assert_eq!(CertificateChain::from_pem(text).unwrap_err(), KeyError::Pem);
        assert_eq!(TrustRoots::from_pem(text).unwrap_err(), KeyError::Pem);
    }
}

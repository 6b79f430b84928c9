//! Published examples made again, from the keys, vectors and salts that they tell: those of the RFCs, written out with
//! their section, and those of the JOSE cookbook (RFC 7520 §5). What OAEP encrypts cannot be made again.

use std::collections::VecDeque;

use serde_json::Value;

use super::agreement::{self, Purpose};
use super::parts::Parts;
use super::randomness::Randomness;
use super::wrap::ContentSecret;
use super::{ContentEncryption, Encrypter, KeyManagement, RecipientKey, password};
use crate::crypto::{
    AgreementCurve, AgreementKey, ContentKey, PasswordHash, PeerKey, Refused, derive_from_password,
};
use crate::vectors::{read, text};
use crate::{Jwk, base64url};

/// Gives what an example tells, in the order in which it is asked for.
#[derive(Default)]
struct Given {
    draws: VecDeque<Vec<u8>>,
    ephemeral: Option<(AgreementCurve, Vec<u8>)>,
}

impl Given {
    fn draws(draws: &[&[&str]]) -> Self {
        let decode =
            |parts: &&[&str]| parts.iter().flat_map(|part| base64url::decode(part).unwrap()).collect();
        Self { draws: draws.iter().map(decode).collect(), ephemeral: None }
    }

    fn ephemeral(mut self, epk: &Value) -> Self {
        let curve = match text(epk, "crv") {
            "P-256" => AgreementCurve::P256,
            "P-384" => AgreementCurve::P384,
            crv => panic!("{crv}"),
        };
        self.ephemeral = Some((curve, base64url::decode(text(epk, "d")).unwrap()));
        self
    }
}

impl Randomness for Given {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.draws.pop_front().unwrap());
    }

    fn ephemeral(&mut self, curve: AgreementCurve) -> Result<AgreementKey, Refused> {
        let (given, scalar) = self.ephemeral.take().unwrap();
        assert_eq!(given, curve);
        AgreementKey::new(curve, &scalar)
    }
}

fn recipient(alg: KeyManagement, jwk: &str) -> RecipientKey {
    let jwk = Jwk::parse(jwk.as_bytes()).unwrap();
    RecipientKey::from_jwk_for(alg, &jwk.public().unwrap_or(jwk)).unwrap()
}

#[test]
fn rfc7516_a1_rsa_oaep_and_a256gcm_are_made_again() {
    let jwk = r#"{"kty":"RSA","e":"AQAB","n":"oahUIoWw0K0usKNuOR6H4wkf4oBUXHTxRvgb48E-BVvxkeDNjbC4he8rUWcJoZmds2h7M70imEVhRU5djINXtqllXI4DFqcI1DgjT9LewND8MW2Krf3Spsk_ZkoFnilakGygTwpZ3uesH-PFABNIUYpOiN15dsQRkgr0vEhxN92i2asbOenSZeyaxziK72UwxrrKoExv6kc5twXTq4h-QChLOln0_mtUZwfsRaMStPs6mS6XrgxnxbWhojf663tuEQueGC-FCMfra36C9knDFGzKsNa7LZK2djYgyD3JR_MB_4NUJW_TqOQtwHYbxevoJArm-L5StowjzGy-_bq6Gw"}"#;
    let plaintext = b"The true sign of intelligence is not knowledge but imagination.";
    let encrypter = Encrypter::new(ContentEncryption::A256Gcm, recipient(KeyManagement::RsaOaep, jwk));
    let mut given = Given::draws(&[&["saH0gFSP4XM_tAP_a5rU9ooHbltwLiJpL4LLLnrqQPw", "48V1_ALb6US04U3b"]]);
    let jwe = encrypter.compact(plaintext, &mut given).unwrap();
    let segments: Vec<_> = jwe.split('.').collect();
    assert_eq!(
        [segments[0], segments[2], segments[3], segments[4]],
        [
            "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ",
            "48V1_ALb6US04U3b",
            "5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A",
            "XFBoMYUZodetZdvTiFvSkQ",
        ]
    );
}

#[test]
fn rfc7516_a3_a128kw_and_a128cbc_hs256_are_made_again() {
    let jwk = r#"{"kty":"oct","k":"GawgguFyGrWKav7AX4VKUg"}"#;
    let encrypter = Encrypter::new(ContentEncryption::A128CbcHs256, recipient(KeyManagement::A128Kw, jwk));
    let mut given =
        Given::draws(&[&["BNMfxVSd_P4LZJ36P6pqzmt81C1vawnbyLEA8I-cLM8", "AxY8DCtDaGlsbGljb3RoZQ"]]);
    assert_eq!(
        encrypter.compact(b"Live long and prosper.", &mut given).unwrap(),
        "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ.AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvceFICbCVQ"
    );
}

#[test]
fn rfc7517_c_pbes2_is_made_again() {
    let alg = KeyManagement::Pbes2Hs256A128Kw;
    let password = b"Thus from my lips, by yours, my sin is purged.";
    let salt = "2WCTcJZ1Rvd_CJuJripQ1w";
    let full_salt = password::full_salt(alg, &base64url::decode(salt).unwrap());
    let derived = derive_from_password(PasswordHash::Sha256, password, &full_salt, 4096, 16).unwrap();
    assert_eq!(*derived, [110, 171, 169, 92, 129, 92, 109, 117, 233, 242, 116, 233, 170, 14, 24, 75]);

    let content_key = base64url::encode([
        111, 27, 25, 52, 66, 29, 20, 78, 92, 176, 56, 240, 65, 208, 82, 112, 161, 131, 36, 55, 202, 236, 185,
        172, 129, 23, 153, 194, 195, 48, 253, 182,
    ]);
    let recipient = RecipientKey::from_password(alg, password).unwrap().iterations(4096).unwrap();
    let mut given = Given::draws(&[&[&content_key, "Ye9j1qs22DmRSAddIh-VnA"], &[salt]]);
    let secret = ContentSecret::fresh(ContentEncryption::A128CbcHs256, &mut given).unwrap();
    let wrapped = secret.wrap_for(&recipient, &mut given).unwrap();
    assert_eq!(
        base64url::encode(wrapped.encrypted_key),
        "TrqXOwuNUfDV9VPTNbyGvEJ9JMjefAVn-TR1uIxR9p6hsRQh9Tk7BA"
    );
}

#[test]
fn rfc7518_c_ecdh_es_is_derived_again() {
    let ephemeral = base64url::decode("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo").unwrap();
    let ephemeral = AgreementKey::new(AgreementCurve::P256, &ephemeral).unwrap();
    let point = [
        vec![4],
        base64url::decode("weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ").unwrap(),
        base64url::decode("e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck").unwrap(),
    ];
    let bob = PeerKey::new(AgreementCurve::P256, &point.concat()).unwrap();
    let purpose = Purpose { algorithm_id: "A128GCM", key_len: 16, apu: b"Alice", apv: b"Bob" };
    let key = agreement::derive(&ephemeral, &bob, purpose).unwrap();
    assert_eq!(base64url::encode(&*key), "VqqN6vgjbSBcIijNcacQGg");
    let swapped = Purpose { algorithm_id: "A128CBC-HS256", key_len: 32, ..purpose };
    let swapped = agreement::derive(&ephemeral, &bob, swapped).unwrap();
    assert_ne!(swapped[..16], key[..], "what the key is for is a part of it");
}

/// RFC 8037 A.6.
#[test]
fn rfc8037_a6_x25519_is_agreed_again() {
    let hex = crate::vectors::hex;
    let key = AgreementKey::new(
        AgreementCurve::X25519,
        &hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"),
    )
    .unwrap();
    let bob = hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    let secret = key.agree(&PeerKey::new(AgreementCurve::X25519, &bob).unwrap()).unwrap();
    assert_eq!(*secret, hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"));
}

fn cookbook(name: &str) -> Option<Value> {
    read(&format!("rfc7520-cookbook/jwe/{name}.json"))
}

/// The encrypter of an example for one recipient.
fn encrypter(example: &Value) -> Encrypter {
    let input = &example["input"];
    let alg: KeyManagement = text(input, "alg").parse().unwrap();
    let recipient = match input["pwd"].as_str() {
        Some(password) => {
            let count =
                u32::try_from(example["encrypting_key"]["iteration_count"].as_u64().unwrap()).unwrap();
            RecipientKey::from_password(alg, password.as_bytes()).unwrap().iterations(count).unwrap()
        }
        None => {
            let mut key = input["key"].clone();
            if example["encrypting_content"]["protected"]["kid"].is_null() {
                key.as_object_mut().unwrap().remove("kid");
            }
            recipient(alg, &key.to_string())
        }
    };
    let encrypter = Encrypter::new(text(input, "enc").parse().unwrap(), recipient);
    let protected = &example["encrypting_content"]["protected"];
    match protected["cty"].as_str() {
        Some(cty) => encrypter.cty(cty),
        None => encrypter,
    }
}

/// What the example tells of what was drawn, in the order in which it is asked for.
fn given(example: &Value) -> Given {
    let (generated, key) = (&example["generated"], &example["encrypting_key"]);
    let mut draws = vec![];
    if let Some(content_key) = generated["cek"].as_str() {
        draws.push(vec![content_key, text(generated, "iv")]);
        draws.extend(key["salt"].as_str().or(key["iv"].as_str()).map(|draw| vec![draw]));
    } else {
        draws.push(vec![text(generated, "iv")]);
    }
    let draws: Vec<&[&str]> = draws.iter().map(Vec::as_slice).collect();
    let given = Given::draws(&draws);
    if key["epk"].is_object() { given.ephemeral(&key["epk"]) } else { given }
}

#[test]
fn the_cookbook_is_made_again_for_one_recipient() {
    for name in [
        "5_3.key_wrap_using_pbes2-aes-keywrap_with-aes-cbc-hmac-sha2",
        "5_4.key_agreement_with_key_wrapping_using_ecdh-es_and_aes-keywrap_with_aes-gcm",
        "5_5.key_agreement_using_ecdh-es_with_aes-cbc-hmac-sha2",
        "5_6.direct_encryption_using_aes-gcm",
        "5_7.key_wrap_using_aes-gcm_keywrap_with_aes-cbc-hmac-sha2",
        "5_8.key_wrap_using_aes-keywrap_with_aes-gcm",
        "5_10.including_additional_authentication_data",
    ] {
        let Some(example) = cookbook(name) else { return };
        let plaintext = text(&example["input"], "plaintext").as_bytes();
        let mut encrypter = encrypter(&example);
        match example["input"]["aad"].as_str() {
            Some(aad) => encrypter = encrypter.aad(aad),
            None => {
                let compact = encrypter.compact(plaintext, &mut given(&example)).unwrap();
                assert_eq!(compact, text(&example["output"], "compact"), "{name}");
            }
        }
        let flattened = encrypter.flattened(plaintext, &mut given(&example)).unwrap();
        let flattened: Value = serde_json::from_str(&flattened).unwrap();
        assert_eq!(flattened, example["output"]["json_flat"], "{name}");
        let general = encrypter.general(plaintext, &mut given(&example)).unwrap();
        let mut general: Value = serde_json::from_str(&general).unwrap();
        if general["recipients"] == serde_json::json!([{}]) {
            // The cookbook leaves out a recipient of whom nothing is said.
            general.as_object_mut().unwrap().remove("recipients");
        }
        assert_eq!(general, example["output"]["json"], "{name}");
    }
}

#[test]
fn the_cookbook_is_made_again_with_oaep_but_for_the_encrypted_key() {
    let nested = read("rfc7520-cookbook/6.nesting_signatures_and_encryption.json");
    let nested = nested.map(|nested| nested["encrypt"].clone());
    for example in [cookbook("5_2.key_encryption_using_rsa-oaep_with_aes-gcm"), nested] {
        let Some(example) = example else { return };
        let plaintext = text(&example["input"], "plaintext").as_bytes();
        let made = encrypter(&example).compact(plaintext, &mut given(&example)).unwrap();
        let without_key = |jwe: &str| {
            let mut segments: Vec<String> = jwe.split('.').map(str::to_owned).collect();
            segments.remove(1);
            segments
        };
        assert_eq!(without_key(&made), without_key(text(&example["output"], "compact")));
    }
}

/// Headers that are spread otherwise than here, compressed ones, and those with a recipient by RSA1_5: their content, under
/// the header that they have.
#[test]
fn the_cookbooks_contents_are_made_again_under_other_headers() {
    for name in [
        "5_1.key_encryption_using_rsa_v15_and_aes-hmac-sha2",
        "5_9.compressed_content",
        "5_11.protecting_specific_header_fields",
        "5_12.protecting_content_only",
        "5_13.encrypting_to_multiple_recipients",
    ] {
        let Some(example) = cookbook(name) else { return };
        let (generated, content) = (&example["generated"], &example["encrypting_content"]);
        // 5.13 names an `enc` that does not exist: a letter is missing.
        let enc = text(&example["input"], "enc").replace("A128CBC-H256", "A128CBC-HS256").parse().unwrap();
        let key = base64url::decode(text(generated, "cek")).unwrap();
        let iv = base64url::decode(text(generated, "iv")).unwrap();
        let mut sealed = match generated["plaintext_c"].as_str() {
            Some(compressed) => base64url::decode(compressed).unwrap(),
            None => text(&example["input"], "plaintext").as_bytes().to_vec(),
        };
        let aad = content["protected_b64u"].as_str().unwrap_or_default();
        let tag = ContentKey::new(enc, &key).unwrap().seal(&iv, aad.as_bytes(), &mut sealed).unwrap();
        assert_eq!(base64url::encode(sealed), text(content, "ciphertext"), "{name}");
        assert_eq!(base64url::encode(tag.as_slice()), text(content, "tag"), "{name}");
    }
}

#[test]
fn the_cookbooks_key_is_brought_to_several_recipients_again() {
    let Some(example) = cookbook("5_13.encrypting_to_multiple_recipients") else { return };
    let generated = &example["generated"];
    let enc = ContentEncryption::A128CbcHs256;
    for index in [1, 2] {
        let (key, expected) = (&example["input"]["key"][index], &example["encrypting_key"][index]);
        let recipient =
            recipient(example["input"]["alg"][index].as_str().unwrap().parse().unwrap(), &key.to_string());
        let mut draws: Vec<Vec<&str>> = vec![vec![text(generated, "cek"), text(generated, "iv")]];
        draws.extend(expected["iv"].as_str().map(|iv| vec![iv]));
        let draws: Vec<&[&str]> = draws.iter().map(Vec::as_slice).collect();
        let mut given = Given::draws(&draws);
        if expected["epk"].is_object() {
            given = given.ephemeral(&expected["epk"]);
        }
        let secret = ContentSecret::fresh(enc, &mut given).unwrap();
        let wrapped = secret.wrap_for(&recipient, &mut given).unwrap();
        assert_eq!(base64url::encode(&wrapped.encrypted_key), text(expected, "encrypted_key"));
        let header = super::template::recipient_header(&recipient, &wrapped.members);
        assert_eq!(serde_json::from_str::<Value>(&header).unwrap(), expected["header"]);
    }
}

#[test]
fn the_compact_form_has_five_segments_even_where_some_are_empty() {
    let parts = Parts {
        protected: "e30".into(),
        encrypted_key: vec![],
        iv: super::parts::Iv::default(),
        ciphertext: vec![],
        tag: None,
    };
    assert_eq!(parts.to_compact(), "e30....");
}

//! An authenticator in software: what a device and a browser do together (Web Authentication §6).

use std::cell::RefCell;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use jeton_jose::base64url;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A device with passkeys of one site.
pub(crate) struct Authenticator {
    passkeys: RefCell<Vec<Passkey>>,
    /// Where its browser shows the pages.
    origin: &'static str,
    /// Whether it verifies who uses it.
    verifies: bool,
    /// Whether its passkeys are copied to other devices.
    pub(crate) is_synced: RefCell<bool>,
}

struct Passkey {
    id: Vec<u8>,
    handle: Value,
    key: EcdsaKeyPair,
}

const PRESENT: u8 = 1;
const VERIFIED: u8 = 4;
const SYNCED: u8 = 8 | 16;
const ATTESTED: u8 = 64;

impl Default for Authenticator {
    fn default() -> Self {
        Self {
            passkeys: RefCell::default(),
            origin: "https://auth.example",
            verifies: true,
            is_synced: RefCell::new(false),
        }
    }
}

impl Authenticator {
    /// One that does not verify who uses it.
    pub(crate) fn without_pin() -> Self {
        Self { verifies: false, ..Self::default() }
    }

    /// One whose browser shows the pages elsewhere.
    pub(crate) fn at(origin: &'static str) -> Self {
        Self { origin, ..Self::default() }
    }

    fn data(&self, party: &str, attested: u8) -> Vec<u8> {
        let verified = if self.verifies { VERIFIED } else { 0 };
        let synced = if *self.is_synced.borrow() { SYNCED } else { 0 };
        let mut data = Sha256::digest(party.as_bytes()).to_vec();
        data.push(PRESENT | verified | synced | attested);
        data.extend([0; 4]);
        data
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let data = json!({"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false});
        data.to_string().into_bytes()
    }

    /// Makes a passkey, as `navigator.credentials.create()` does; `None` if the page excludes one that is here.
    pub(crate) fn make(&self, options: &Value) -> Option<String> {
        let excluded = options["excludeCredentials"].as_array().expect("a list");
        let is_here = |text: &Value| {
            let id = base64url::decode(text["id"].as_str().expect("a text")).expect("base64url");
            self.passkeys.borrow().iter().any(|passkey| passkey.id == id)
        };
        if excluded.iter().any(is_here) {
            return None;
        }
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
        let id = Sha256::digest(key.public_key()).to_vec();
        // COSE: {1: 2, 3: -7, -1: 1, -2: x, -3: y}
        let point = key.public_key().as_ref();
        let (x, y) = (&point[1..33], &point[33..]);
        let cose = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32][..], x, &[0x22, 0x58, 32], y].concat();
        let mut data = self.data(options["rp"]["id"].as_str().expect("a text"), ATTESTED);
        data.extend([0; 16]);
        data.extend(u16::try_from(id.len()).expect("short").to_be_bytes());
        data.extend([&id[..], &cose].concat());
        // {"fmt": "none", "attStmt": {}, "authData": data}
        let len = u8::try_from(data.len()).expect("short");
        let object = [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58", &[len][..], &data].concat();
        let answer = json!({
            "id": base64url::encode(&id),
            "response": {
                "clientDataJSON": base64url::encode(self.client_data("webauthn.create", options)),
                "attestationObject": base64url::encode(object),
                "transports": ["usb"],
            },
            "clientExtensionResults": {"credProps": {"rk": true}},
        });
        self.passkeys.borrow_mut().push(Passkey { id, handle: options["user"]["id"].clone(), key });
        Some(answer.to_string())
    }

    /// Answers a challenge with the newest passkey, as `navigator.credentials.get()` does.
    pub(crate) fn answer(&self, options: &Value) -> String {
        let passkeys = self.passkeys.borrow();
        let passkey = passkeys.last().expect("a passkey");
        let data = self.data(options["rpId"].as_str().expect("a text"), 0);
        let client_data = self.client_data("webauthn.get", options);
        let signed = [&data[..], &Sha256::digest(&client_data)[..]].concat();
        let signature = passkey.key.sign(&SystemRandom::new(), &signed).expect("a signature");
        let answer = json!({
            "id": base64url::encode(&passkey.id),
            "response": {
                "clientDataJSON": base64url::encode(client_data),
                "authenticatorData": base64url::encode(data),
                "signature": base64url::encode(signature),
                "userHandle": passkey.handle,
            },
        });
        answer.to_string()
    }

    /// What the newest passkey was given for its user.
    pub(crate) fn handle(&self) -> Value {
        self.passkeys.borrow().last().expect("a passkey").handle.clone()
    }
}

//! Hybrid public key encryption in base mode, one text for each encapsulated secret (RFC 9180), from AWS-LC's key
//! agreement, HMAC, HKDF and AEADs.

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use zeroize::Zeroizing;

use super::{AgreementCurve, AgreementKey, PeerKey, Refused};

/// A KEM, a KDF and an AEAD. In those that JOSE has, the KEM derives with the hash of the KDF.
#[derive(Clone, Copy)]
pub(crate) struct HpkeAlgorithms {
    pub(crate) curve: AgreementCurve,
    pub(crate) aead: HpkeAead,
}

/// The AEAD of HPKE (RFC 9180 §7.3).
#[derive(Clone, Copy)]
pub(crate) enum HpkeAead {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
}

/// The key and the nonce of the one text.
pub(super) struct Context {
    key: LessSafeKey,
    pub(super) nonce: [u8; NONCE_LEN],
}

/// RFC 9180 §5: `mode_base`.
const MODE_BASE: u8 = 0;
const NONCE_LEN: usize = 12;

impl HpkeAlgorithms {
    /// Encrypts `text` where it stands, which grows by the tag, and gives the encapsulated secret (RFC 9180 §6.1). The
    /// ephemeral key must be fresh.
    pub(crate) fn seal(
        self,
        ephemeral: &AgreementKey,
        recipient: &PeerKey,
        info: &[u8],
        aad: &[u8],
        text: &mut Vec<u8>,
    ) -> Result<Vec<u8>, Refused> {
        let encapsulated = ephemeral.public()?;
        let agreed = self.agree(ephemeral, recipient)?;
        let shared = self.shared_secret(&agreed, &encapsulated, recipient.as_bytes())?;
        let Context { key, nonce } = self.context(&shared, info)?;
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), text)?;
        Ok(encapsulated)
    }

    /// Undoes [`HpkeAlgorithms::seal`] with the private key and its public part; gives the length of what is now the
    /// plaintext in `text`.
    pub(crate) fn open(
        self,
        (key, public): (&AgreementKey, &[u8]),
        encapsulated: &[u8],
        info: &[u8],
        aad: &[u8],
        text: &mut [u8],
    ) -> Result<usize, Refused> {
        let agreed = self.agree(key, &PeerKey::new(self.curve, encapsulated)?)?;
        let shared = self.shared_secret(&agreed, encapsulated, public)?;
        let Context { key, nonce } = self.context(&shared, info)?;
        Ok(key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(aad), text)?.len())
    }

    pub(super) fn agree(self, key: &AgreementKey, peer: &PeerKey) -> Result<Zeroizing<Vec<u8>>, Refused> {
        if key.curve() == self.curve && peer.curve() == self.curve { key.agree(peer) } else { Err(Refused) }
    }

    /// `ExtractAndExpand` of the KEM (RFC 9180 §4.1).
    pub(super) fn shared_secret(
        self,
        agreed: &[u8],
        encapsulated: &[u8],
        recipient: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let kdf = Kdf { hash: self.hash(), suite_id: &[b"KEM".as_slice(), &self.kem_id()].concat() };
        let extracted = kdf.extract(&[], b"eae_prk", agreed);
        kdf.expand(&extracted, b"shared_secret", &[encapsulated, recipient].concat(), kdf.hash_len())
    }

    /// `KeySchedule` (RFC 9180 §5.1) without a pre-shared key.
    pub(super) fn context(self, shared_secret: &[u8], info: &[u8]) -> Result<Context, Refused> {
        let (aead, aead_id) = match self.aead {
            HpkeAead::Aes128Gcm => (&aead::AES_128_GCM, [0, 1]),
            HpkeAead::Aes256Gcm => (&aead::AES_256_GCM, [0, 2]),
            HpkeAead::ChaCha20Poly1305 => (&aead::CHACHA20_POLY1305, [0, 3]),
        };
        let suite_id = [b"HPKE".as_slice(), &self.kem_id(), &self.kdf_id(), &aead_id].concat();
        let kdf = Kdf { hash: self.hash(), suite_id: &suite_id };
        let context = [
            [MODE_BASE].as_slice(),
            kdf.extract(&[], b"psk_id_hash", &[]).as_ref(),
            kdf.extract(&[], b"info_hash", info).as_ref(),
        ]
        .concat();
        let secret = kdf.extract(shared_secret, b"secret", &[]);
        let key = kdf.expand(&secret, b"key", &context, aead.key_len())?;
        let nonce = kdf.expand(&secret, b"base_nonce", &context, NONCE_LEN)?;
        let nonce = nonce.as_slice().try_into().map_err(|_| Refused)?;
        Ok(Context { key: LessSafeKey::new(UnboundKey::new(aead, &key)?), nonce })
    }

    const fn hash(self) -> hkdf::Algorithm {
        match self.curve {
            AgreementCurve::P256 | AgreementCurve::X25519 => hkdf::HKDF_SHA256,
            AgreementCurve::P384 => hkdf::HKDF_SHA384,
            AgreementCurve::P521 => hkdf::HKDF_SHA512,
        }
    }

    /// RFC 9180 §7.1.
    const fn kem_id(self) -> [u8; 2] {
        match self.curve {
            AgreementCurve::P256 => [0, 0x10],
            AgreementCurve::P384 => [0, 0x11],
            AgreementCurve::P521 => [0, 0x12],
            AgreementCurve::X25519 => [0, 0x20],
        }
    }

    /// RFC 9180 §7.2.
    const fn kdf_id(self) -> [u8; 2] {
        match self.curve {
            AgreementCurve::P256 | AgreementCurve::X25519 => [0, 1],
            AgreementCurve::P384 => [0, 2],
            AgreementCurve::P521 => [0, 3],
        }
    }
}

/// `LabeledExtract` and `LabeledExpand` (RFC 9180 §4).
struct Kdf<'s> {
    hash: hkdf::Algorithm,
    suite_id: &'s [u8],
}

const VERSION: &[u8] = b"HPKE-v1";

impl Kdf<'_> {
    fn hash_len(&self) -> usize {
        self.hash.hmac_algorithm().digest_algorithm().output_len
    }

    /// HKDF's extraction is one HMAC (RFC 5869 §2.2). It is called by that name because the library's own keeps to itself
    /// what it extracts, which is needed here.
    fn extract(&self, salt: &[u8], label: &[u8], input: &[u8]) -> hmac::Tag {
        let mut mac = hmac::Context::with_key(&hmac::Key::new(self.hash.hmac_algorithm(), salt));
        for part in [VERSION, self.suite_id, label, input] {
            mac.update(part);
        }
        mac.sign()
    }

    fn expand(
        &self,
        secret: &hmac::Tag,
        label: &[u8],
        info: &[u8],
        len: usize,
    ) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let prefix = u16::try_from(len).map_err(|_| Refused)?.to_be_bytes();
        let mut out = Zeroizing::new(vec![0; len]);
        hkdf::Prk::new_less_safe(self.hash, secret.as_ref())
            .expand(&[&prefix, VERSION, self.suite_id, label, info], Length(len))?
            .fill(&mut out)?;
        Ok(out)
    }
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

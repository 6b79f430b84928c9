//! Reading the headers of a JWE (RFC 7516 §4).

use std::borrow::Cow;
use std::sync::Arc;

#[cfg(feature = "hpke")]
use super::key_management::Method;
use super::{ContentEncryption, DecryptError, KeyManagement, agreement};
use crate::base64url;
use crate::crypto::AgreementCurve;
use crate::json::Value;
use crate::jwk;
use crate::jws::header;
use crate::key::Material;

/// The longest `apu` and `apv` (bytes).
const MAX_PARTY_INFO: usize = 1024;

/// What the protected header says about the content.
#[derive(Debug)]
pub(super) struct ContentHeader {
    /// Absent for integrated encryption.
    pub(super) enc: Option<ContentEncryption>,
    pub(super) compressed: bool,
    pub(super) typ: Option<Box<str>>,
    pub(super) cty: Option<Box<str>>,
    /// The header itself.
    pub(super) json: Box<str>,
}

/// What the headers together say about one recipient's key.
#[derive(Debug)]
pub(super) struct KeyHeader {
    pub(super) alg: KeyManagement,
    pub(super) kid: Option<Arc<str>>,
    pub(super) epk: Option<(AgreementCurve, Vec<u8>)>,
    pub(super) apu: Vec<u8>,
    pub(super) apv: Vec<u8>,
    pub(super) iv: Option<Vec<u8>>,
    pub(super) tag: Option<Vec<u8>>,
    pub(super) p2s: Option<Vec<u8>>,
    pub(super) p2c: Option<u32>,
    /// The encapsulated secret of HPKE.
    #[cfg(feature = "hpke")]
    pub(super) ek: Option<Vec<u8>>,
}

impl ContentHeader {
    pub(super) fn read(protected: Value<'_, '_>, json: &[u8]) -> Result<Self, DecryptError> {
        header::check_critical(protected, &[]).map_err(|_| DecryptError::CriticalHeader)?;
        // RFC 7797 is about signatures.
        if protected.get("b64").is_some() {
            return Err(DecryptError::Header { name: "b64" });
        }
        let enc = text(protected, "enc")?;
        let compressed = match text(protected, "zip")?.as_deref() {
            None => false,
            Some("DEF") => true,
            Some(_) => return Err(DecryptError::Header { name: "zip" }),
        };
        let (typ, cty) = (text(protected, "typ")?, text(protected, "cty")?);
        let enc = enc
            .map(|enc| ContentEncryption::from_name(&enc).ok_or(DecryptError::AlgorithmNotAllowed))
            .transpose()?;
        let json = std::str::from_utf8(json).map_err(|_| DecryptError::Malformed)?.into();
        Ok(Self { enc, compressed, typ: typ.map(Into::into), cty: cty.map(Into::into), json })
    }
}

impl KeyHeader {
    /// Reads from headers of which no two have a member of one name.
    pub(super) fn read(headers: &[Value<'_, '_>]) -> Result<Self, DecryptError> {
        let find = |name| headers.iter().copied().find(|header| header.get(name).is_some());
        let string = |name| find(name).map_or(Ok(None), |header| text(header, name));
        let bytes = |name: &'static str| {
            string(name)?
                .map(|text| base64url::decode(text.as_bytes()).map_err(|_| DecryptError::Header { name }))
                .transpose()
        };
        let alg = string("alg")?.ok_or(DecryptError::Header { name: "alg" })?;
        let kid = string("kid")?;
        if kid.as_ref().is_some_and(|kid| kid.len() > crate::key::MAX_KID) {
            return Err(DecryptError::Header { name: "kid" });
        }
        let party = |name: &'static str| {
            let info = bytes(name)?.unwrap_or_default();
            if info.len() > MAX_PARTY_INFO { Err(DecryptError::Header { name }) } else { Ok(info) }
        };
        let p2c = match find("p2c").and_then(|header| header.get("p2c")) {
            None => None,
            Some(count) => {
                let count = count.as_number().and_then(|digits| digits.parse().ok());
                Some(count.ok_or(DecryptError::Header { name: "p2c" })?)
            }
        };
        let epk = match find("epk").and_then(|header| header.get("epk")) {
            None => None,
            Some(epk) => Some(ephemeral(epk).ok_or(DecryptError::Header { name: "epk" })?),
        };
        let alg = KeyManagement::from_name(&alg).ok_or(DecryptError::AlgorithmNotAllowed)?;
        #[cfg(feature = "hpke")]
        let ek = {
            // Only base mode is here: a pre-shared key would have to be mixed in.
            if matches!(alg.method(), Method::Hpke(_)) && find("psk_id").is_some() {
                return Err(DecryptError::Header { name: "psk_id" });
            }
            bytes("ek")?
        };
        Ok(Self {
            alg,
            kid: kid.map(Into::into),
            epk,
            apu: party("apu")?,
            apv: party("apv")?,
            iv: bytes("iv")?,
            tag: bytes("tag")?,
            p2s: bytes("p2s")?,
            p2c,
            #[cfg(feature = "hpke")]
            ek,
        })
    }

    /// Whether it says nothing that is made afresh for every text.
    pub(super) fn may_come_again(&self) -> bool {
        let fresh = self.epk.is_some() || self.iv.is_some() || self.tag.is_some() || self.p2s.is_some();
        #[cfg(feature = "hpke")]
        let fresh = fresh || self.ek.is_some();
        !fresh
    }
}

/// A public key; a private one there is somebody's mistake.
fn ephemeral(epk: Value<'_, '_>) -> Option<(AgreementCurve, Vec<u8>)> {
    let jwk = jwk::from_value(epk).ok()?;
    match jwk.material() {
        Material::Public(public) => {
            agreement::point(public).ok().map(|(curve, bytes)| (curve, bytes.to_vec()))
        }
        _ => None,
    }
}

fn text<'a>(root: Value<'_, 'a>, name: &'static str) -> Result<Option<Cow<'a, str>>, DecryptError> {
    header::text(root, name).map_err(|_| DecryptError::Header { name })
}

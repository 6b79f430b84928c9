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
use crate::material::Material;

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
        header::check_critical(protected, |_| false).map_err(|_| DecryptError::CriticalHeader)?;
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
        let found = Found::among(headers);
        let alg = string(found.alg, "alg")?.ok_or(DecryptError::Header { name: "alg" })?;
        let kid = string(found.kid, "kid")?;
        if kid.as_ref().is_some_and(|kid| kid.len() > crate::material::MAX_KID) {
            return Err(DecryptError::Header { name: "kid" });
        }
        let p2c = found.p2c.map(|count| {
            let count = count.as_number().and_then(|digits| digits.parse().ok());
            count.ok_or(DecryptError::Header { name: "p2c" })
        });
        let epk = found.epk.map(|epk| ephemeral(epk).ok_or(DecryptError::Header { name: "epk" }));
        let (p2c, epk) = (p2c.transpose()?, epk.transpose()?);
        let alg = KeyManagement::from_name(&alg).ok_or(DecryptError::AlgorithmNotAllowed)?;
        // Only base mode is here: a pre-shared key would have to be mixed in.
        #[cfg(feature = "hpke")]
        if matches!(alg.method(), Method::Hpke(_)) && found.psk_id.is_some() {
            return Err(DecryptError::Header { name: "psk_id" });
        }
        Ok(Self {
            alg,
            kid: kid.map(Into::into),
            epk,
            apu: party(found.apu, "apu")?,
            apv: party(found.apv, "apv")?,
            iv: bytes(found.iv, "iv")?,
            tag: bytes(found.tag, "tag")?,
            p2s: bytes(found.p2s, "p2s")?,
            p2c,
            #[cfg(feature = "hpke")]
            ek: bytes(found.ek, "ek")?,
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

/// The members that say something about a recipient's key, found in one walk.
#[derive(Default)]
struct Found<'t, 'a> {
    alg: Option<Value<'t, 'a>>,
    kid: Option<Value<'t, 'a>>,
    epk: Option<Value<'t, 'a>>,
    apu: Option<Value<'t, 'a>>,
    apv: Option<Value<'t, 'a>>,
    iv: Option<Value<'t, 'a>>,
    tag: Option<Value<'t, 'a>>,
    p2s: Option<Value<'t, 'a>>,
    p2c: Option<Value<'t, 'a>>,
    #[cfg(feature = "hpke")]
    ek: Option<Value<'t, 'a>>,
    #[cfg(feature = "hpke")]
    psk_id: Option<Value<'t, 'a>>,
}

impl<'t, 'a> Found<'t, 'a> {
    fn among(headers: &[Value<'t, 'a>]) -> Self {
        let mut found = Self::default();
        for (name, value) in headers.iter().filter_map(|header| header.members()).flatten() {
            let member = match &*name {
                "alg" => &mut found.alg,
                "kid" => &mut found.kid,
                "epk" => &mut found.epk,
                "apu" => &mut found.apu,
                "apv" => &mut found.apv,
                "iv" => &mut found.iv,
                "tag" => &mut found.tag,
                "p2s" => &mut found.p2s,
                "p2c" => &mut found.p2c,
                #[cfg(feature = "hpke")]
                "ek" => &mut found.ek,
                #[cfg(feature = "hpke")]
                "psk_id" => &mut found.psk_id,
                _ => continue,
            };
            *member = Some(value);
        }
        found
    }
}

fn string<'a>(
    value: Option<Value<'_, 'a>>,
    name: &'static str,
) -> Result<Option<Cow<'a, str>>, DecryptError> {
    value.map(|value| value.as_str().ok_or(DecryptError::Header { name })).transpose()
}

fn bytes(value: Option<Value<'_, '_>>, name: &'static str) -> Result<Option<Vec<u8>>, DecryptError> {
    let text = string(value, name)?;
    text.map(|text| base64url::decode(text.as_bytes()).map_err(|_| DecryptError::Header { name })).transpose()
}

fn party(value: Option<Value<'_, '_>>, name: &'static str) -> Result<Vec<u8>, DecryptError> {
    let info = bytes(value, name)?.unwrap_or_default();
    if info.len() > MAX_PARTY_INFO { Err(DecryptError::Header { name }) } else { Ok(info) }
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

//! Headers as this crate writes them.

use serde::Serialize;

use super::header::REGISTERED;
use crate::Algorithm;
#[cfg(feature = "x509")]
use crate::certificate::CertificateChain;
use crate::error::SignError;
#[cfg(feature = "x509")]
use crate::key::SigningKey;

/// What goes into a protected header, in the order in which it is written.
#[derive(Clone, Debug)]
pub(crate) struct HeaderTemplate {
    pub(crate) algorithm: Algorithm,
    /// Ed25519 under its name from before RFC 9864.
    pub(crate) as_eddsa: bool,
    pub(crate) typ: Option<Box<str>>,
    pub(crate) cty: Option<Box<str>>,
    pub(crate) kid: Option<Box<str>>,
    /// Names and JSON values.
    members: Vec<(Box<str>, Box<str>)>,
    /// Those of them that a verifier must understand (RFC 7515 §4.1.11).
    critical: Vec<Box<str>>,
    /// RFC 7797: the payload is signed as it is.
    pub(crate) unencoded: bool,
}

impl HeaderTemplate {
    pub(crate) fn new(algorithm: Algorithm, kid: Option<&str>) -> Self {
        Self {
            algorithm,
            as_eddsa: false,
            typ: None,
            cty: None,
            kid: kid.map(Into::into),
            members: vec![],
            critical: vec![],
            unencoded: false,
        }
    }

    /// Adds a member of the caller's own.
    pub(crate) fn member<V: Serialize + ?Sized>(&mut self, name: &str, value: &V) -> Result<(), SignError> {
        if REGISTERED.contains(&name)
            || name == "b64"
            || self.members.iter().any(|(taken, _)| **taken == *name)
        {
            return Err(SignError::HeaderName);
        }
        self.registered(name, value)
    }

    /// Adds a member of the caller's own that a verifier must understand.
    pub(crate) fn critical<V: Serialize + ?Sized>(&mut self, name: &str, value: &V) -> Result<(), SignError> {
        self.member(name, value)?;
        self.critical.push(name.into());
        Ok(())
    }

    /// Adds a registered member that this crate has computed.
    pub(crate) fn registered<V: Serialize + ?Sized>(
        &mut self,
        name: &str,
        value: &V,
    ) -> Result<(), SignError> {
        let json = serde_json::to_string(value)
            .map_err(|error| SignError::Claims { reason: error.to_string().into() })?;
        self.members.push((name.into(), json.into()));
        Ok(())
    }

    /// Adds `x5c` or `x5t#S256`, which must be about the key that signs.
    #[cfg(feature = "x509")]
    pub(crate) fn certified(
        &mut self,
        key: &SigningKey,
        chain: &CertificateChain,
        member: CertificateMember,
    ) -> Result<(), SignError> {
        key.check_certificates(chain)?;
        let name = match member {
            CertificateMember::Chain => "x5c",
            CertificateMember::Thumbprint => "x5t#S256",
        };
        if self.members.iter().any(|(taken, _)| **taken == *name) {
            return Err(SignError::HeaderName);
        }
        match member {
            CertificateMember::Chain => self.registered(name, &chain.x5c()),
            CertificateMember::Thumbprint => self.registered(name, &chain.thumbprint()),
        }
    }

    pub(crate) fn to_json(&self) -> String {
        let alg = match self.algorithm {
            Algorithm::Ed25519 if self.as_eddsa => "EdDSA",
            algorithm => algorithm.as_str(),
        };
        let mut json = format!("{{\"alg\":\"{alg}\"");
        for (name, value) in [("typ", &self.typ), ("cty", &self.cty), ("kid", &self.kid)] {
            if let Some(value) = value {
                push(&mut json, name, &quoted(value));
            }
        }
        for (name, value) in &self.members {
            push(&mut json, name, value);
        }
        if self.unencoded {
            json.push_str(r#","b64":false"#);
        }
        let critical: Vec<_> =
            self.critical.iter().map(|name| &**name).chain(self.unencoded.then_some("b64")).collect();
        if !critical.is_empty() {
            let names: Vec<_> = critical.into_iter().map(quoted).collect();
            push(&mut json, "crit", &format!("[{}]", names.join(",")));
        }
        json.push('}');
        json
    }
}

/// Gives a signer the methods that add members to its header. The last argument finishes the signer once the header has changed.
macro_rules! header_methods {
    ($signer:ident) => {
        $crate::jws::header_methods!($signer, |signer| signer);
    };
    ($signer:ident, $finish:expr) => {
        impl $signer {
            /// Adds a member to the protected header.
            ///
            /// # Errors
            /// [`SignError::HeaderName`](crate::SignError::HeaderName) for a name that is reserved, or already set.
            pub fn header<V: serde::Serialize + ?Sized>(
                mut self,
                name: &str,
                value: &V,
            ) -> Result<Self, $crate::SignError> {
                self.header.member(name, value)?;
                let finish: fn(Self) -> Self = $finish;
                Ok(finish(self))
            }

            /// Adds a member to the protected header that a verifier must understand: `crit` names it (RFC 7515 §4.1.11). Verifiers
            /// that do not say that they understand it refuse the token.
            ///
            /// # Errors
            #[doc = concat!("As [`", stringify!($signer), "::header`].")]
            pub fn critical_header<V: serde::Serialize + ?Sized>(
                mut self,
                name: &str,
                value: &V,
            ) -> Result<Self, $crate::SignError> {
                self.header.critical(name, value)?;
                let finish: fn(Self) -> Self = $finish;
                Ok(finish(self))
            }
        }
    };
}

pub(crate) use header_methods;

/// How a header shows its key's certificate.
#[cfg(feature = "x509")]
#[derive(Clone, Copy)]
pub(crate) enum CertificateMember {
    /// `x5c`: all of them.
    Chain,
    /// `x5t#S256`: for verifiers who have it already.
    Thumbprint,
}

fn push(json: &mut String, name: &str, value: &str) {
    json.push(',');
    json.push_str(&quoted(name));
    json.push(':');
    json.push_str(value);
}

/// A JSON string. Whatever would break out of it is escaped.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("strings serialise")
}

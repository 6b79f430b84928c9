//! RSA keys in PKCS#1 (RFC 8017 appendix A.1).

use zeroize::Zeroizing;

use crate::crypto::RsaPrivate;
use crate::der::{self, Reader};
use crate::material::{KeyError, Private, Public};

pub(crate) fn read_public(der: &[u8]) -> Result<Public, KeyError> {
    let mut outer = Reader::new(der);
    let mut fields = outer.sequence()?;
    outer.end()?;
    let (n, e) = (fields.integer()?, fields.integer()?);
    fields.end()?;
    Public::rsa(n, e)
}

pub(crate) fn read_private(der: &[u8]) -> Result<Private, KeyError> {
    let mut outer = Reader::new(der);
    let mut fields = outer.sequence()?;
    outer.end()?;
    // Version 0 has two primes; JWA forbids others without saying so in `oth`.
    if !fields.integer()?.is_empty() {
        return Err(KeyError::Unsupported { what: "RSA with more than two primes" });
    }
    let (n, e) = (fields.integer()?, fields.integer()?);
    let mut part = || fields.integer().map(|digits| Zeroizing::new(digits.to_vec()));
    let private = RsaPrivate { d: part()?, p: part()?, q: part()?, dp: part()?, dq: part()?, qi: part()? };
    fields.end()?;
    Private::rsa(n, e, private)
}

pub(crate) fn write_public(n: &[u8], e: &[u8]) -> Zeroizing<Vec<u8>> {
    der::element(der::SEQUENCE, &[&der::integer(n), &der::integer(e)])
}

pub(crate) fn write_private(n: &[u8], e: &[u8], private: &RsaPrivate) -> Zeroizing<Vec<u8>> {
    der::element(
        der::SEQUENCE,
        &[
            &der::integer(&[]),
            &der::integer(n),
            &der::integer(e),
            &der::integer(&private.d),
            &der::integer(&private.p),
            &der::integer(&private.q),
            &der::integer(&private.dp),
            &der::integer(&private.dq),
            &der::integer(&private.qi),
        ],
    )
}

//! What a certificate's key is for (extended key usage, RFC 5280 §4.2.1.12).

use webpki::{
    ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter, KeyUsage, RequiredEkuNotFoundContext,
};

/// A purpose that certificates name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// Signing JWTs, `id-kp-jwt` (RFC 9509).
    JwtSigning,
    /// Signing access tokens, `id-kp-oauthAccessTokenSigning` (RFC 9509).
    AccessTokenSigning,
    /// Signing documents, `id-kp-documentSigning` (RFC 9336).
    DocumentSigning,
    /// Being a TLS client, `id-kp-clientAuth`.
    ClientAuth,
    /// Being a TLS server, `id-kp-serverAuth`: what certificates for the web say.
    ServerAuth,
    /// Signing code, `id-kp-codeSigning`.
    CodeSigning,
    /// Protecting mail, `id-kp-emailProtection`.
    EmailProtection,
}

/// `anyExtendedKeyUsage`: the certificate does not restrict its key.
const ANY: &[u8] = &[0x55, 0x1d, 37, 0];

impl Purpose {
    /// The contents of its object identifier.
    const fn oid(self) -> &'static [u8] {
        match self {
            Self::ServerAuth => &[0x2b, 6, 1, 5, 5, 7, 3, 1],
            Self::ClientAuth => &[0x2b, 6, 1, 5, 5, 7, 3, 2],
            Self::CodeSigning => &[0x2b, 6, 1, 5, 5, 7, 3, 3],
            Self::EmailProtection => &[0x2b, 6, 1, 5, 5, 7, 3, 4],
            Self::DocumentSigning => &[0x2b, 6, 1, 5, 5, 7, 3, 36],
            Self::JwtSigning => &[0x2b, 6, 1, 5, 5, 7, 3, 37],
            Self::AccessTokenSigning => &[0x2b, 6, 1, 5, 5, 7, 3, 39],
        }
    }
}

/// Accepts certificates that name no purpose, or one of these.
pub(super) struct AnyOf<'a>(pub(super) &'a [Purpose]);

impl ExtendedKeyUsageValidator for AnyOf<'_> {
    fn validate(&self, named: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        let mut present = vec![];
        for id in named {
            let id = id?;
            let fits = |oid| id == KeyPurposeId::new(oid);
            if fits(ANY) || self.0.iter().any(|purpose| fits(purpose.oid())) {
                return Ok(());
            }
            present.push(id.to_decoded_oid());
        }
        if present.is_empty() {
            return Ok(());
        }
        let required = KeyUsage::required(Purpose::JwtSigning.oid());
        Err(webpki::Error::RequiredEkuNotFoundContext(RequiredEkuNotFoundContext { required, present }))
    }
}

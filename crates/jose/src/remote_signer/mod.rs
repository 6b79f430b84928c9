//! Signing with a key that never leaves a key management service, an HSM or a smart card.
//!
//! [`RemoteSigner`] is the one trait to implement for such a key. It is asked for a signature and nothing else: headers,
//! encodings and checks stay here. A signature that comes back is verified under the public key before it is handed
//! out, so that a wrong key, a wrong mechanism or a broken connection is found by the signer and not by its users.
//!
//! Futures are plain ones: any run-time drives them, and none is needed. `examples/sign_with_an_hsm.rs` does it with PKCS#11.
//!
//! ```
//! use std::sync::Arc;
//! use jeton_jose::remote_signer::{Message, RemoteFuture, RemoteJwtSigner, RemoteSigner, Signature};
//! use jeton_jose::PublicKey;
//!
//! #[derive(Debug)]
//! struct Kms { public: PublicKey, name: String }
//!
//! impl RemoteSigner for Kms {
//!     fn public_key(&self) -> &PublicKey {
//!         &self.public
//!     }
//!
//!     fn sign<'a>(&'a self, message: Message<'a>) -> RemoteFuture<'a, Signature> {
//!         Box::pin(async move {
//!             let der = ask_the_service(&self.name, message.digest()).await?;
//!             Ok(Signature::from_der(self.public.algorithm(), &der)?)
//!         })
//!     }
//! }
//! # async fn ask_the_service(_: &str, _: Option<Vec<u8>>) -> Result<Vec<u8>, std::io::Error> { Ok(vec![]) }
//!
//! async fn token(kms: Kms, claims: &serde_json::Value) -> Result<String, jeton_jose::remote_signer::RemoteSignError> {
//!     RemoteJwtSigner::new(Arc::new(kms)).typ("at+jwt").sign(claims).await
//! }
//! ```

mod error;
mod jws;
mod jwt;
mod message;
mod signed;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

pub use error::{RemoteError, RemoteSignError};
pub use jws::RemoteJwsSigner;
pub use jwt::RemoteJwtSigner;
pub use message::Message;

pub use crate::signature::{Signature, SignatureMalformed};

use crate::key::PublicKey;

/// A private key elsewhere, which signs on request by one algorithm.
pub trait RemoteSigner: fmt::Debug + Send + Sync {
    /// Its public part. The algorithm of the signatures and the `kid` in their headers are those of this key.
    fn public_key(&self) -> &PublicKey;

    /// Signs the message by the algorithm of [`RemoteSigner::public_key`].
    ///
    /// A caller that stops waiting drops the future, so it must not leave anything half done.
    fn sign<'a>(&'a self, message: Message<'a>) -> RemoteFuture<'a, Signature>;
}

/// What a [`RemoteSigner`] answers, some time later.
pub type RemoteFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, RemoteError>> + Send + 'a>>;

use jeton_jose::remote_signer::{Message, RemoteFuture, RemoteSigner, Signature};
use jeton_jose::{PublicKey, SharedSecret};

#[derive(Debug)]
struct Kms(SharedSecret);

impl RemoteSigner for Kms {
    fn public_key(&self) -> &PublicKey {
        &self.0
    }

    fn sign<'a>(&'a self, _: Message<'a>) -> RemoteFuture<'a, Signature> {
        unimplemented!()
    }
}

fn main() {}

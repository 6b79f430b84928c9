//! `jeton jwt dpop`: proofs that whoever sends a request has the key that a token is bound to (RFC 9449).

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use jeton_jose::SigningKey;
use jeton_jose::dpop::{ProofVerifier, Prover, Request};

use super::duration;
use super::policy::time;
use crate::algorithm::{self, Named, Signature};
use crate::failure::Failure;
use crate::key_choice::signing_key;
use crate::output::{self, Style};
use crate::{clock, input, words};

/// Make and verify DPoP proofs, which show that a request's sender has the token's key
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jeton jwk generate ES256 > key.jwk
  jeton jwt dpop prove --key key.jwk --method GET --uri https://api.example/me --access-token eyJhbGciOi…
  jeton jwt dpop verify --method GET --uri https://api.example/me < proof")]
pub(super) struct DpopCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Prove(Prove),
    Verify(Verify),
}

/// The request that the proof is for.
#[derive(Debug, Args)]
struct RequestOptions {
    /// The method of the request
    #[arg(long)]
    method: String,
    /// The URI of the request; its query is ignored
    #[arg(long)]
    uri: String,
    /// The access token that the request carries
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    access_token: Option<String>,
    /// The nonce from the server
    #[arg(long, allow_hyphen_values = true)]
    nonce: Option<String>,
}

/// Make a proof for one request
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jeton jwt dpop prove --key key.jwk --method POST --uri https://auth.example/token")]
struct Prove {
    /// The private key that the token is, or will be, bound to
    #[arg(long)]
    key: PathBuf,
    /// The algorithm, if the key does not name one
    #[arg(long, value_parser = algorithm::signature)]
    alg: Option<Named<Signature>>,
    #[command(flatten)]
    request: RequestOptions,
}

/// Verify a proof and print the thumbprint of its key
#[derive(Debug, Args)]
#[command(after_help = "\
Whether the same proof was used before is not known here: a server remembers
its key and `jti` for as long as it is fresh.

Examples:
  jeton jwt dpop verify --method POST --uri https://auth.example/token < proof
  jeton jwt dpop verify --method GET --uri https://api.example/me --access-token eyJhbGciOi… --jkt 0ZcOCORZNYy… < proof")]
struct Verify {
    #[command(flatten)]
    request: RequestOptions,
    /// The thumbprint of the key that the token is bound to (`cnf.jkt`)
    #[arg(long, value_name = "THUMBPRINT", allow_hyphen_values = true)]
    jkt: Option<String>,
    /// Accept only this algorithm; may be repeated [default: ES256, ES384, ES512, Ed25519, PS256]
    #[arg(long, value_parser = algorithm::signature)]
    alg: Vec<Named<Signature>>,
    /// Maximum age of the proof
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "1m")]
    max_age: Duration,
    /// Verify as of this time, in seconds since 1970 [default: now]
    #[arg(long, value_name = "UNIX-TIME", allow_negative_numbers = true)]
    at: Option<i64>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// The proof [default: standard input]
    proof: Option<String>,
}

impl DpopCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Prove(command) => command.run(),
            Action::Verify(command) => command.run(),
        }
    }
}

impl RequestOptions {
    fn request(&self) -> Request<'_> {
        let mut request = Request::new(&self.method, &self.uri);
        if let Some(token) = &self.access_token {
            request = request.access_token(token);
        }
        if let Some(nonce) = &self.nonce {
            request = request.nonce(nonce);
        }
        request
    }
}

impl Prove {
    fn run(self) -> Result<(), Failure> {
        let algorithm = self.alg.map(Named::known).transpose()?.map(|named| named.algorithm);
        let SigningKey::Private(key) = signing_key(&self.key, algorithm)? else {
            return Err(Failure::coded(
                "key_kind",
                "a proof with a shared secret proves nothing: give a private key",
            ));
        };
        let failed = |error: jeton_jose::SignError| Failure::coded(error.code(), error.to_string());
        let prover = Prover::new(&key).map_err(failed)?;
        output::line(&prover.prove(&self.request.request(), clock::now()).map_err(failed)?)
    }
}

impl Verify {
    fn run(self) -> Result<(), Failure> {
        let (now, _) = time(self.at)?;
        let mut verifier = ProofVerifier::new().max_age(self.max_age);
        let allowed = algorithm::all_known(&self.alg)?;
        if !allowed.is_empty() {
            verifier = verifier.algorithms(allowed.into_iter().map(|named| named.algorithm));
        }
        let mut request = self.request.request();
        if let Some(thumbprint) = &self.jkt {
            request = request.bound_to(thumbprint);
        }
        let hint = input::not_the_text(self.proof.as_deref());
        let proof = input::token(self.proof.clone())?;
        let proof = verifier
            .verify(&proof, &request, now)
            .map_err(|error| hint(Failure::coded(error.code(), error.to_string())))?;
        let document = serde_json::json!({
            "jkt": proof.thumbprint(),
            "jti": proof.jti(),
            "iat": proof.iat().unix(),
            "remember_until": proof.remember_until().unix(),
        });
        Style::of(self.json).print(&document, || {
            output::note(&format!("made {}", words::date_and_distance(proof.iat(), now)));
            proof.thumbprint().to_owned()
        })
    }
}

//! The libraries: one file each.

mod encryption;
mod guard;
mod jeton;
mod josekit;
mod jsonwebtoken;
mod jwt_simple;
mod limit;
mod oxitoken;

use std::error::Error;
use std::hint::black_box;
use std::rc::Rc;

use ::jeton_jose::Algorithm;

use crate::Step;
use crate::claims::Claims;
use crate::keys::Key;

pub use encryption::EncryptionTask;

/// What a library is to work on.
pub struct Task {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Its key.
    pub key: Key,
    /// The claims to sign.
    pub claims: Claims,
    /// A good token with these claims.
    pub token: String,
    /// The same with a signature of another token.
    pub forged: String,
    /// No token, and as long as one.
    pub garbage: String,
    /// Seconds since 1970.
    pub now: u64,
}

/// One step of a library, ready to be repeated. It panics when the library does not do what it should.
pub struct Case {
    /// The library.
    pub library: &'static str,
    /// The step.
    pub step: Step,
    /// Does it once.
    pub once: Box<dyn FnMut()>,
}

impl Case {
    fn new(library: &'static str, step: Step, once: impl FnMut() + 'static) -> Self {
        Self { library, step, once: Box::new(once) }
    }
}

/// What goes wrong when a library takes a key.
pub type Failure = Box<dyn Error + Send + Sync>;

impl Task {
    /// A task with a key of its own.
    ///
    /// # Errors
    /// When the key cannot be made.
    pub fn new(algorithm: Algorithm, now: u64) -> Result<Self, Failure> {
        let (key, claims) = (Key::generate(algorithm)?, Claims::new(now));
        let signer = jeton::signer(algorithm, &key)?;
        let (token, other) = (signer.sign(&claims)?, signer.sign(&Claims::new(now - 1))?);
        let (signed, _) = token.rsplit_once('.').ok_or("a token has dots")?;
        let (_, signature) = other.rsplit_once('.').ok_or("a token has dots")?;
        let forged = format!("{signed}.{signature}");
        let garbage = "x".repeat(token.len());
        Ok(Self { algorithm, key, claims, token, forged, garbage, now })
    }

    /// The steps of all libraries.
    ///
    /// # Errors
    /// When one does not take the key.
    pub fn cases(&self) -> Result<Vec<Case>, Failure> {
        let libraries = [
            limit::cases,
            jeton::cases,
            guard::cases,
            oxitoken::cases,
            jsonwebtoken::cases,
            jwt_simple::cases,
            josekit::cases,
        ];
        let cases: Vec<_> = libraries.iter().map(|library| library(self)).collect::<Result<_, _>>()?;
        Ok(cases.into_iter().flatten().collect())
    }

    /// The steps that begin with a token.
    fn checks<C, E>(
        &self,
        library: &'static str,
        check: impl Fn(&str) -> Result<C, E> + 'static,
    ) -> Vec<Case> {
        let check = Rc::new(check);
        let step = |step: Step, token: &str, good: bool| {
            let (check, token) = (Rc::clone(&check), token.to_owned());
            Case::new(library, step, move || {
                let checked = black_box(check(black_box(&token)));
                assert_eq!(checked.is_ok(), good, "{library} {step:?}");
            })
        };
        vec![
            step(Step::Verify, &self.token, true),
            step(Step::Refuse, &self.forged, false),
            step(Step::Garbage, &self.garbage, false),
        ]
    }
}

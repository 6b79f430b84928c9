//! How do I sign with a key that never leaves an HSM? Implement `RemoteSigner` for it. Here it is a key on P-256 behind PKCS#11.
//!
//! The HSM is SoftHSM (Debian: `softhsm2`), with a token that is made in a scratch folder and thrown away. For another one set
//! `PKCS11_MODULE` to its library, and leave out `prepare`.

use std::error::Error;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use jeton_jose::jwt::Verifier;
use jeton_jose::remote_signer::{
    Message, RemoteError, RemoteFuture, RemoteJwtSigner, RemoteSigner, Signature,
};
use jeton_jose::{Jwk, PublicKey, Timestamp, base64url};
use serde_json::{Value, json};

/// A private key in an HSM.
#[derive(Debug)]
struct HsmKey {
    session: Mutex<Session>,
    private: ObjectHandle,
    public: PublicKey,
}

impl RemoteSigner for HsmKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign<'a>(&'a self, message: Message<'a>) -> RemoteFuture<'a, Signature> {
        // PKCS#11 has no other way than to wait. In a server, let a thread for such work do it (tokio's `spawn_blocking`).
        Box::pin(async move {
            let digest = message.digest().ok_or_else(|| RemoteError::new("only ECDSA keys are made here"))?;
            let session = self.session.lock().map_err(|_| RemoteError::new("the session is broken"))?;
            // r and s side by side, as JOSE has them too. A service that answers in DER takes `Signature::from_der`.
            Ok(Signature::from_bytes(session.sign(&Mechanism::Ecdsa, self.private, &digest)?))
        })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::var_os("SOFTHSM2_CONF").is_none() {
        return in_a_scratch_folder();
    }
    let key = make_key(open(&module()?)?)?;
    let now = Timestamp::from_unix(1_800_000_000);
    let claims =
        json!({"iss": "https://issuer.example", "aud": "api", "sub": "ada", "exp": now.unix() + 300});

    let verifier = Verifier::new("https://issuer.example", "api", key.public_key()).typ("at+jwt");
    let signer = RemoteJwtSigner::new(Arc::new(key)).typ("at+jwt");
    let token = wait_for(signer.sign(&claims))?;

    let verified = verifier.verify::<Value>(&token, now)?;
    assert_eq!((verified.registered().sub(), verified.kid()), (Some("ada"), Some("hsm-2026")));
    Ok(())
}

/// Makes a key pair in the HSM, of which only the public part comes out.
fn make_key(session: Session) -> Result<HsmKey, Box<dyn Error>> {
    /// The object identifier of P-256, in DER.
    const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    let public = [Attribute::Token(true), Attribute::Verify(true), Attribute::EcParams(P256.to_vec())];
    let private = [
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
    ];
    let (public, private) = session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private)?;

    let attributes = session.get_attributes(public, &[AttributeType::EcPoint])?;
    let Some(Attribute::EcPoint(point)) = attributes.first() else {
        return Err("the key has no point".into());
    };
    // An octet string (tag, length) that holds the point: 4, x, y.
    let [0x04, 65, 0x04, x_and_y @ ..] = point.as_slice() else { return Err("no point of P-256".into()) };
    let (x, y) = x_and_y.split_at(32);
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": base64url::encode(x), "y": base64url::encode(y)});
    let public = PublicKey::from_jwk(&Jwk::parse(jwk.to_string().as_bytes())?)?.with_kid("hsm-2026");
    Ok(HsmKey { session: Mutex::new(session), private, public })
}

/// Opens the HSM, and logs in to a token that is made for the occasion.
fn open(module: &str) -> Result<Session, Box<dyn Error>> {
    let hsm = Pkcs11::new(module)?;
    hsm.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))?;
    let pin = prepare(&hsm)?;
    let slot = *hsm.get_slots_with_initialized_token()?.first().ok_or("no token")?;
    let session = hsm.open_rw_session(slot)?;
    session.login(UserType::User, Some(&pin))?;
    Ok(session)
}

/// Initialises the empty token, and gives it a user with this PIN.
fn prepare(hsm: &Pkcs11) -> Result<AuthPin, Box<dyn Error>> {
    let (officer, user) = (AuthPin::new("officer-pin".into()), AuthPin::new("user-pin".into()));
    let empty = *hsm.get_slots_with_token()?.first().ok_or("no slot")?;
    hsm.init_token(empty, &officer, "jeton")?;
    let slot = *hsm.get_slots_with_initialized_token()?.first().ok_or("no token")?;
    let session = hsm.open_rw_session(slot)?;
    session.login(UserType::So, Some(&officer))?;
    session.init_pin(&user)?;
    Ok(user)
}

/// Runs this program again, with SoftHSM set to a folder that is removed afterwards.
fn in_a_scratch_folder() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let conf = folder.path().join("softhsm2.conf");
    let tokens = folder.path().join("tokens");
    std::fs::create_dir(&tokens)?;
    std::fs::write(&conf, format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display()))?;
    let status = Command::new(std::env::current_exe()?).env("SOFTHSM2_CONF", &conf).status()?;
    if status.success() { Ok(()) } else { Err("the example failed".into()) }
}

/// The PKCS#11 library.
fn module() -> Result<String, Box<dyn Error>> {
    if let Ok(module) = std::env::var("PKCS11_MODULE") {
        return Ok(module);
    }
    let known = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"];
    let found = known.into_iter().find(|path| Path::new(path).exists());
    Ok(found.ok_or("SoftHSM is missing: install softhsm2, or set PKCS11_MODULE")?.to_owned())
}

/// The least that drives a future; your run-time does it better.
fn wait_for<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

//! Forms, cookies and addresses that another version sealed: while servers are replaced, a page comes from one version and its form goes
//! to the other.
//!
//! `tests/before/sealed.json` holds what the release before sealed, by keys that are kept with it, at a fixed time and for a fixed browser.
//! This version has to open it. It also has to seal the same again, byte for byte: so the release before opens what this version seals.
//! When a release is made, `cargo xtask baseline` writes it down for the next one.

use std::collections::BTreeMap;

use jeton_authority::audit::Actor;
use jeton_authority::client::{ClientPolicy, ConsentPolicy};
use jeton_authority::device::NewDeviceAuthorization;
use jeton_authority::factor::Factor;
use jeton_authority::keys::{KeyId, KeyPurpose, SealedKey, StoredKey};
use jeton_authority::one_time::OneTimeHash;
use jeton_authority::password::Password;
use jeton_authority::session::{NewSession, SessionSecret};
use jeton_authority::store::{KeyAddition, NewUser};
use jeton_authority::user::{Attributes, Role, UserStatus, Username};
use jeton_authority::{Network, SessionId, UserId};
use jeton_jose::{Timestamp, base64url};
use jeton_oauth::client::ClientId;
use jeton_oauth::{Parameters, Scope};
use jeton_server::hashing::HashPool;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::browser::{Browser, Form, form, forms, leads_on};
use super::client::{authorize, web};
use super::device;
use crate::app::{Answer, HOME, NOW, PASSWORD, TestApp, cheap, open_store};

const BEFORE: &str = include_str!("../../before/sealed.json");

/// Names the file to write what this version seals to.
const RECORD: &str = "JETON_RECORD_SEALED";

const BROWSER: &str = "__Host-jeton-browser";
const SESSION: &str = "__Host-jeton-session";
const KNOWN: &str = "__Host-jeton-known";
const TYPED_NAME: &str = "__Host-jeton-typed-name";

/// Who uses the browser.
const ZOE: UserId = UserId::from_bytes([1; 16]);
const USER_CODE: &str = "WDJBMJHT";

/// What one version sealed.
#[derive(Debug, Serialize, Deserialize)]
struct Before {
    keys: Vec<Value>,
    /// What the browser remembers of who signed in. Its first bytes are drawn at random.
    known_browser: String,
    dpop_nonce: String,
    steps: Vec<Step>,
}

/// What a browser has in hand, and what comes of using it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Step {
    name: String,
    cookies: BTreeMap<String, String>,
    target: String,
    /// The hidden fields of a form, if it is one.
    sealed: Option<Vec<(String, String)>>,
    /// What the user types or presses.
    typed: Vec<(String, String)>,
    leads_to: String,
}

/// An authority with the kept keys.
struct World {
    app: TestApp,
}

impl World {
    /// With these keys, or with new ones.
    async fn with(keys: Option<&[Value]>) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let store = open_store(&folder).await;
        if let Some(keys) = keys {
            let keys = keys.iter().map(stored_key).collect();
            let added = store.add_keys(keys, None, Actor::Operator).await.expect("a store");
            assert_eq!(added, KeyAddition::Added);
        }
        let pool = HashPool::with_threads(cheap(), 2, 64).expect("two threads");
        let app =
            TestApp::over(store, folder, std::sync::Arc::new(pool), |settings| settings, |service| service);
        let app = app.await;
        app.add_client("web", web()).await;
        let asked = ClientPolicy { consent: ConsentPolicy::Asked, ..ClientPolicy::default() };
        app.add_client_with("asking", web(), asked).await;
        device::add_clients(&app).await;
        let this = Self { app };
        this.add_zoe().await;
        this
    }

    async fn add_zoe(&self) {
        let (store, now) = (&self.app.store, Timestamp::from_unix(NOW));
        let password = self.app.hashing.hash(Password::new(PASSWORD), [3; 16]).await.expect("a hash");
        let user = NewUser {
            id: ZOE,
            imported_key: None,
            username: Username::parse("zoe").expect("a name"),
            email: None,
            password,
            role: Role::Member,
            status: UserStatus::Active,
            created_at: now,
            attributes: Attributes::default(),
        };
        store.add_user(user, Actor::Operator).await.expect("a store");
        let day = std::time::Duration::from_secs(86_400);
        let session = NewSession {
            id: SessionId::from_bytes([2; 16]),
            secret: secret().hash(),
            user: ZOE,
            epoch: 0,
            methods: vec![Factor::Password],
            network: Network::of(HOME.parse().expect("an address")),
            device: "".into(),
            authenticated_at: now,
            expires_at: now.saturating_add(day),
        };
        store.open_session(session, None).await.expect("a store");
        let device = NewDeviceAuthorization {
            device_code: OneTimeHash::of("device"),
            user_code: USER_CODE.into(),
            client: ClientId::parse("tv").expect("an identifier"),
            scope: Scope::parse("openid").expect("a scope"),
            content: "{}".into(),
            interval: 5,
            expires_at: now.saturating_add(day),
        };
        store.add_device_authorization(device, now).await.expect("a store");
    }

    /// The kept browser, in which nobody is signed in.
    fn browser(&self) -> Browser<'_> {
        let browser = Browser::new(&self.app);
        browser.set_cookie(BROWSER, &base64url::encode([9; 32]));
        browser
    }

    /// The same, in which zoe is signed in.
    fn browser_of_zoe(&self) -> Browser<'_> {
        let browser = self.browser();
        browser.set_cookie(SESSION, secret().expose());
        browser
    }

    /// Takes a step, and says what comes of it, at the page that it leads to, too.
    async fn take(&self, step: &Step) -> (Answer, String) {
        let browser = Browser::new(&self.app);
        for (name, value) in &step.cookies {
            browser.set_cookie(name, value);
        }
        let answer = match &step.sealed {
            None => browser.get(&step.target).await,
            Some(sealed) => {
                let fields = sealed.iter().chain(&step.typed);
                let fields: Vec<_> = fields.map(|(name, value)| (name.as_str(), value.as_str())).collect();
                browser.post(&step.target, &fields).await
            }
        };
        let mut leads_to = outcome(&answer);
        if let Some(target) = leads_on(&answer) {
            leads_to += &format!(", then {}", outcome(&browser.get(&target).await));
        }
        (answer, leads_to)
    }
}

fn secret() -> SessionSecret {
    SessionSecret::parse(&base64url::encode([8; 32])).expect("a secret")
}

fn stored_key(key: &Value) -> StoredKey {
    let text = |name: &str| key[name].as_str().expect("a text");
    let time = |name: &str| Timestamp::from_unix(key[name].as_i64().expect("a time"));
    StoredKey {
        id: KeyId::new(text("id")),
        purpose: KeyPurpose::parse(text("purpose")).expect("a purpose"),
        algorithm: text("algorithm").parse().expect("an algorithm"),
        sealed: SealedKey::new(text("sealed")),
        created_at: time("created_at"),
        signs_from: time("signs_from"),
        withdrawn_at: None,
    }
}

fn kept_key(key: &StoredKey) -> Value {
    json!({
        "id": key.id.as_str(),
        "purpose": key.purpose.as_str(),
        "algorithm": key.algorithm.as_str(),
        "sealed": key.sealed.as_str(),
        "created_at": key.created_at.unix(),
        "signs_from": key.signs_from.unix(),
    })
}

/// What an answer is, without what is drawn at random: its status, where it leads, with which parameters, and why a page is shown again.
fn outcome(answer: &Answer) -> String {
    let Some(location) = answer.header("location") else {
        let text = answer.text();
        let seen = [
            "value=\"zo\"",
            "Incorrect",
            "The television",
            "You are signed in on your device",
            "You are signed out",
        ];
        let seen: Vec<_> = seen.iter().filter(|seen| text.contains(**seen)).collect();
        return format!("{} with {seen:?}", answer.status.as_u16());
    };
    let (path, query) = location.split_once('?').unwrap_or((location, ""));
    let parameters = Parameters::parse(query.as_bytes()).expect("parameters");
    let mut names: Vec<_> = parameters.iter().map(|(name, _)| name.to_owned()).collect();
    names.sort_unstable();
    let notice = parameters.get("jeton_progress").and_then(|progress| {
        let json = base64url::decode(progress.split('.').next()?).ok()?;
        let progress: Value = serde_json::from_slice(&json).ok()?;
        Some(progress["n"].clone())
    });
    let reasons: Vec<_> = ["notice", "error", "why"].iter().filter_map(|name| parameters.get(name)).collect();
    format!("{} {path} with {names:?}, {notice:?}, {reasons:?}", answer.status.as_u16())
}

/// Takes down the steps that lead through all pages.
struct Recorder<'a> {
    keys: &'a [Value],
    steps: Vec<Step>,
}

impl Recorder<'_> {
    /// Takes a step, in a world where nothing else has happened, and takes it down.
    async fn step(
        &mut self,
        name: &str,
        browser: &Browser<'_>,
        place: Place,
        typed: &[(&str, &str)],
    ) -> Answer {
        let mut cookies = BTreeMap::new();
        for cookie in [BROWSER, SESSION, TYPED_NAME] {
            cookies.extend(browser.cookie(cookie).map(|value| (cookie.to_owned(), value)));
        }
        let typed = typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (target, sealed) = match place {
            Place::Address(target) => (target, None),
            Place::Form(form) => (form.action, Some(form.hidden)),
        };
        let leads_to = String::new();
        let mut step = Step { name: name.to_owned(), cookies, target, sealed, typed, leads_to };
        let (answer, leads_to) = World::with(Some(self.keys)).await.take(&step).await;
        step.leads_to = leads_to;
        self.steps.push(step);
        answer
    }
}

enum Place {
    Address(String),
    Form(Form),
}

/// The last form of a page, or the first.
fn last(page: &Answer) -> Place {
    Place::Form(form(page))
}

fn first(page: &Answer) -> Place {
    Place::Form(forms(page).swap_remove(0))
}

fn address(answer: &Answer) -> Place {
    let location = answer.header("location").expect("a location");
    Place::Address(location.strip_prefix("https://auth.example").unwrap_or(location).to_owned())
}

const ZOE_TYPES: [(&str, &str); 3] = [("username", "zoe"), ("password", PASSWORD), ("action", "sign_in")];

/// What this version seals with these keys.
async fn sealed(keys: &[Value]) -> Before {
    let mut recorder = Recorder { keys, steps: vec![] };
    let world = World::with(Some(keys)).await;

    // Signing in for an application.
    let browser = world.browser();
    let page = browser.get(&authorize(&[])).await;
    recorder.step("sign in", &browser, last(&page), &ZOE_TYPES).await;
    let wrong = [("username", "zo"), ("password", "wrong"), ("action", "sign_in")];
    recorder.step("sign in with a wrong password", &browser, last(&page), &wrong).await;
    let again = browser.press(&form(&page), &wrong).await;
    recorder.step("the page after a wrong password", &browser, address(&again), &[]).await;
    recorder.step("cancel", &browser, last(&page), &[("action", "cancel")]).await;

    // As somebody who is signed in.
    let browser = world.browser_of_zoe();
    let page = browser.get(&authorize(&[("prompt", "select_account")])).await;
    recorder.step("continue", &browser, first(&page), &[("action", "continue")]).await;
    let page = browser.get(&authorize(&[("client_id", "asking")])).await;
    let answer = recorder.step("allow", &browser, last(&page), &[("action", "allow")]).await;
    recorder.step("what was allowed", &browser, address(&answer), &[]).await;
    recorder.step("deny", &browser, last(&page), &[("action", "deny")]).await;

    // A device.
    let browser = world.browser();
    let page = browser.get("/device").await;
    let typed = [("user_code", USER_CODE)];
    let answer = recorder.step("the code of a device", &browser, last(&page), &typed).await;
    recorder.step("a code that was typed", &browser, address(&answer), &[]).await;
    let page = browser.submit_and_follow(&form(&page), &typed).await;
    recorder.step("sign in for a device", &browser, last(&page), &ZOE_TYPES).await;
    let browser = world.browser_of_zoe();
    let page = browser.get("/device").await;
    let page = browser.submit_and_follow(&form(&page), &typed).await;
    recorder.step("allow a device", &browser, last(&page), &[("action", "allow")]).await;

    // Signing out.
    let page = browser.get("/end_session").await;
    let answer = recorder.step("sign out", &browser, last(&page), &[("action", "sign_out")]).await;
    let browser = world.browser();
    recorder.step("signed out", &browser, address(&answer), &[]).await;

    let browser = world.browser();
    let page = browser.get(&authorize(&[])).await;
    browser.press(&form(&page), &ZOE_TYPES).await;
    Before {
        keys: keys.to_vec(),
        known_browser: browser.cookie(KNOWN).expect("a cookie"),
        dpop_nonce: world.app.service.authority().proofs().nonce(Timestamp::from_unix(NOW)),
        steps: recorder.steps,
    }
}

fn before() -> Before {
    serde_json::from_str(BEFORE).expect("what the version before sealed")
}

#[tokio::test]
async fn what_the_version_before_sealed_is_opened() {
    let before = before();
    assert!(before.steps.len() >= 12, "{}", before.steps.len());
    for step in &before.steps {
        let (_, leads_to) = World::with(Some(&before.keys)).await.take(step).await;
        assert_eq!(leads_to, step.leads_to, "{}", step.name);
    }
}

#[tokio::test]
async fn what_this_version_seals_is_what_the_version_before_seals_and_opens() {
    if let Some(file) = std::env::var_os(RECORD) {
        let fresh = World::with(None).await;
        let keys: Vec<_> = fresh.app.store.list_keys().await.expect("a store").iter().map(kept_key).collect();
        let json = serde_json::to_string_pretty(&sealed(&keys).await).expect("JSON");
        return std::fs::write(file, json + "\n").expect("a file");
    }
    let before = before();
    let now = sealed(&before.keys).await;
    for (now, before) in now.steps.iter().zip(&before.steps) {
        assert_eq!(now, before, "{}", before.name);
    }
    assert_eq!((now.steps.len(), now.dpop_nonce), (before.steps.len(), before.dpop_nonce));
}

#[tokio::test]
async fn a_browser_that_the_version_before_knows_is_known() {
    let before = before();
    let world = World::with(Some(&before.keys)).await;
    let browser = world.browser();
    browser.set_cookie(KNOWN, &before.known_browser);
    browser.sign_in(&authorize(&[])).await;
    let name = |cookie: &str| base64url::decode(cookie).expect("a cookie")[..16].to_vec();
    let after = browser.cookie(KNOWN).expect("a cookie");
    assert_eq!(name(&after), name(&before.known_browser), "it keeps its name");
    assert_ne!(after, before.known_browser, "and is known for one more account");
}

#[tokio::test]
async fn what_another_authority_sealed_is_not_opened() {
    let before = before();
    for step in before.steps.iter().filter(|step| step.sealed.is_some()) {
        let (_, leads_to) = World::with(None).await.take(step).await;
        assert_ne!(leads_to, step.leads_to, "{}", step.name);
    }
}

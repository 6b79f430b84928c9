//! The settings that `docs/guide/django.md` shows, as they stand there, but for the host and the file of the secret.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::json;

use super::{PASSWORD, QUICK, SECRET};
use crate::cargo;
use crate::report::Report;
use crate::rig::django::{Django, Peer};
use crate::rig::jeton::{Jeton, Server, TokenPair, sign_in};
use crate::rig::process::free_port;
use crate::rig::{empty_folder, expect, jwt};
use crate::suites::Stage;

/// What the page calls the authority, the front end and the file of the secret.
const ISSUER: &str = "https://auth.example.com";
const FRONT_END: &str = "https://app.example.com";
const SECRET_FILE: &str = "/etc/jeton/signing.key";

/// The page.
struct Guide(String);

impl Guide {
    fn read() -> Result<Self> {
        let path = cargo::root().join("docs/guide/django.md");
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self(text))
    }

    /// The block whose first line says what it is.
    fn block(&self, title: &str) -> Result<&str> {
        let start =
            self.0.find(&format!("\n# {title}\n")).with_context(|| format!("the page has no {title}"))?;
        let rest = &self.0[start + 1..];
        let end = rest.find("\n```").context("the block ends")?;
        Ok(&rest[..=end])
    }
}

/// A way to check tokens, set up on both sides as the page says.
struct Setup {
    server: Server,
    peer: Peer,
}

/// What the suites share with each case.
struct Case<'a> {
    folder: &'a Path,
    guide: &'a Guide,
    jeton: &'a Jeton,
    django: &'a Django,
}

impl Case<'_> {
    /// Serves both sides with the blocks that are called so.
    fn serve(&self, toml: &str, python: &str) -> Result<Setup> {
        let port = free_port()?;
        let issuer = format!("http://127.0.0.1:{port}");
        let secret = self.file("signing.key", &format!("{SECRET}\n"))?;
        let here =
            |block: &str| block.replace(ISSUER, &issuer).replace(SECRET_FILE, &secret.display().to_string());
        let config = self.file("jeton.toml", &here(self.guide.block(toml)?))?;
        let settings = self.file("guide_settings.py", &here(self.guide.block(python)?))?;
        let jeton = self.jeton.clone().with("JETON_CONFIG", &config.display().to_string());
        jeton.run(&["config", "check"])?;
        let server = jeton.serve_on(port)?;
        let peer = self.django.clone().with("PEER_GUIDE", &settings.display().to_string()).serve()?;
        Ok(Setup { server, peer })
    }

    fn file(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

/// Runs what the page shows. `dump` holds the users of `django`.
pub(super) fn run(
    stage: &Stage,
    folder: &Path,
    django: &Django,
    dump: &str,
    report: &mut Report,
) -> Result<()> {
    let guide = Guide::read()?;
    let jeton = stage.jeton("django-guide")?;
    jeton.run(&["user", "import", "django", dump])?;
    let case = Case { folder, guide: &guide, jeton: &jeton, django };

    report.check("the guide's public keys: a view knows the user, and a stateless one the rights", || {
        let setup = case.serve("jeton.toml: public keys", "settings.py: public keys")?;
        let pair = TokenPair::of(sign_in(setup.server.client(), QUICK, PASSWORD)?)?;
        is_known(&setup.peer, &pair, QUICK)?;
        let claims = jwt::decode(&pair.access)?.claims;
        expect(*claims.value("groups") == json!(["staff"]), || {
            format!("groups: {}", claims.value("groups"))
        })?;
        let stateless = setup.peer.client().fetch_with("/hello/", &pair.access)?.expect(200)?.json()?;
        expect(stateless["is_staff"] == true, || format!("Django says {stateless}"))?;
        may_ask(&setup.server)?;
        setup.server.stop()
    });
    report.check("the guide's shared secret: a view knows the user, by HS256", || {
        let setup = case.serve("jeton.toml: a shared secret", "settings.py: a shared secret")?;
        let pair = TokenPair::of(sign_in(setup.server.client(), QUICK, PASSWORD)?)?;
        let algorithm = jwt::decode(&pair.access)?.header.text("alg")?.to_owned();
        expect(algorithm == "HS256", || format!("it signs with {algorithm}"))?;
        is_known(&setup.peer, &pair, QUICK)?;
        may_ask(&setup.server)?;
        setup.server.stop()
    });
    report.check("CHECK_REVOKE_TOKEN refuses Jeton's tokens, as the guide says", || {
        let checking = django.clone().with("PEER_CHECK_REVOKE_TOKEN", "1");
        let case = Case { django: &checking, ..case };
        let setup = case.serve("jeton.toml: a shared secret", "settings.py: a shared secret")?;
        let pair = TokenPair::of(sign_in(setup.server.client(), QUICK, PASSWORD)?)?;
        let answer = setup.peer.client().fetch_with("/whoami/", &pair.access)?.expect(401)?.json()?;
        expect(answer["code"] == "password_changed", || format!("Django says {answer}"))?;
        setup.server.stop()
    });
    custom_user_model(stage, &guide, report)
}

/// Users who sign in with an address, from a model of the project's own.
fn custom_user_model(stage: &Stage, guide: &Guide, report: &mut Report) -> Result<()> {
    let folder = empty_folder(&stage.scratch, "django-accounts")?;
    let django = Django::with_settings(&stage.scratch, &folder, &[("PEER_USER_MODEL", "accounts.User")])?;
    django.add_people(PASSWORD, &[QUICK])?;
    let file = folder.join("users.json").display().to_string();
    django.manage(&["dumpdata", "auth.group", "accounts.user", "--output", &file])?;
    let jeton = stage.jeton("django-accounts-guide")?;
    let import = ["--model", "accounts.User", "--username-field", "email", &file];
    let case = Case { folder: &folder, guide, jeton: &jeton, django: &django };
    report.check(
        "the guide's custom user model: an address signs in under its own name, and is the same user",
        || {
            jeton.run(&[&["user", "import", "django"], &import[..]].concat())?;
            let setup =
                case.serve("jeton.toml: users sign in with an address", "settings.py: public keys")?;
            let email = format!("{QUICK}@example.org");
            let credentials = json!({"email": &email, "password": PASSWORD});
            let pair = TokenPair::of(setup.server.client().post("/api/token/", &credentials)?)?;
            is_known(&setup.peer, &pair, &email)?;
            let missing = setup
                .server
                .client()
                .post("/api/token/", &json!({"password": PASSWORD}))?
                .expect(400)?
                .json()?;
            expect(missing == json!({"email": ["This field is required."]}), || {
                format!("it says {missing}")
            })?;
            setup.server.stop()
        },
    );
    report.check("importing again keeps sessions, and takes over what changed in Django", || {
        let setup = case.serve("jeton.toml: users sign in with an address", "settings.py: public keys")?;
        let credentials = json!({"email": format!("{QUICK}@example.org"), "password": PASSWORD});
        let pair = TokenPair::of(setup.server.client().post("/api/token/", &credentials)?)?;
        let update = [&["user", "import", "django", "--update"], &import[..]].concat();
        jeton.run(&update)?;
        crate::rig::jeton::refresh(setup.server.client(), &pair.refresh)?.expect(200)?;
        setup
            .peer
            .client()
            .post(&format!("/people/{QUICK}@example.org/disable/"), &json!({}))?
            .expect(200)?;
        django.manage(&["dumpdata", "auth.group", "accounts.user", "--output", &file])?;
        jeton.run(&update)?;
        let answer = crate::rig::jeton::refresh(setup.server.client(), &pair.refresh)?;
        expect(answer.status == 401, || format!("a user who was deactivated: {}", answer.line()))?;
        setup.server.stop()
    });
    Ok(())
}

fn is_known(peer: &Peer, pair: &TokenPair, username: &str) -> Result<()> {
    let who = peer.client().fetch_with("/whoami/", &pair.access)?.expect(200)?.json()?;
    let user_id = jwt::decode(&pair.access)?.claims.value("user_id").clone();
    let is_same = who["username"] == username && user_id.as_str() == Some(&who["id"].to_string());
    expect(is_same, || format!("Django says {who}, and user_id is {user_id}"))
}

/// The front end of the page may ask from its own origin.
fn may_ask(server: &Server) -> Result<()> {
    let headers = [
        ("origin", FRONT_END),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type"),
    ];
    let answer = server.client().send("OPTIONS", "/api/token/", &headers, "")?;
    let allowed = answer.header("access-control-allow-origin");
    expect(allowed == Some(FRONT_END), || format!("the origin {FRONT_END} gets {allowed:?}"))
}

//! Django REST framework takes Jeton's tokens, and its users go on with the passwords they have.

mod code_flow;
mod guide;

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::Stage;
use crate::report::Report;
use crate::rig::django::{Django, Peer};
use crate::rig::http::{Answer, Client};
use crate::rig::jeton::{Jeton, Server, TokenPair, sign_in};
use crate::rig::{empty_folder, expect, jwt};

const PASSWORD: &str = "correct horse battery";
const SECRET: &str = "a shared secret for tests alone, 0123456789abcdef";
const HASHERS: [&str; 7] =
    ["pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt_sha256", "bcrypt", "scrypt", "md5"];

/// The user whose password is checked soonest.
const QUICK: &str = "md5";

/// For how long access tokens hold where the end of one is waited for.
const SHORT_LIFETIME: Duration = Duration::from_secs(5);

/// Runs the suite.
pub(super) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let folder = empty_folder(&stage.scratch, "django")?;
    let django = Django::new(&stage.scratch, &folder)?;
    django.add_people(PASSWORD, &HASHERS)?;
    let file = folder.join("users.json").display().to_string();
    django.manage(&["dumpdata", "auth.group", "auth.user", "--output", &file])?;

    let mut imported = Vec::new();
    report.check("`jeton user import django` takes what `manage.py dumpdata auth.user` wrote", || {
        for name in ["django-secret", "django-key"] {
            let jeton = stage.jeton(name)?;
            jeton.run(&["user", "import", "django", &file])?;
            jeton.add_user("native", PASSWORD)?;
            imported.push(jeton);
        }
        Ok(())
    });
    let [secret, key] = imported.as_slice() else { return Ok(()) };
    shared_secret(secret, &django, report)?;
    published_key("ES256", key, &django, report)?;
    published_key("RS256", key, &django, report)?;
    guide::run(stage, &folder, &django, &file, report)?;

    report.check("a data folder that began with a shared secret goes on with a published key", || {
        let server = secret.serve()?;
        let keys = server.client().fetch("/.well-known/jwks.json")?.expect(200)?.json()?;
        expect(keys["keys"][0]["alg"] == "ES256", || format!("it publishes {keys}"))?;
        server.stop()
    });
    report.check("a data folder that began with a published key goes on with a shared secret", || {
        let server = with_secret(key).serve()?;
        let pair = TokenPair::of(sign_in(server.client(), QUICK, PASSWORD)?)?;
        let algorithm = jwt::decode(&pair.access)?.header.text("alg")?.to_owned();
        expect(algorithm == "HS256", || format!("it signs with {algorithm}"))?;
        server.stop()
    });
    Ok(())
}

/// Both sides know one secret: simplejwt's own default, HS256.
fn shared_secret(jeton: &Jeton, django: &Django, report: &mut Report) -> Result<()> {
    let jeton =
        jeton.clone().with("JETON_ACCESS_ALGORITHM", "HS256").with("JETON_ACCESS_SHARED_SECRET", SECRET);
    let server = jeton.serve()?;
    let peer = django.clone().with("PEER_SECRET", SECRET).serve()?;
    for hasher in HASHERS {
        report.check(&format!("HS256: a user with a {hasher} password is the same one in Django"), || {
            same_person(&server, &peer, hasher)
        });
    }
    report.check("HS256: after the sign-ins above every password still works", || {
        HASHERS.iter().try_for_each(|hasher| same_person(&server, &peer, hasher))
    });
    report.check("a wrong password, an inactive user and an unusable password are refused", || {
        let refused = |name: &str, password: &str| -> Result<()> {
            let answer = sign_in(server.client(), name, password)?;
            expect(answer.status == 401, || format!("{name}: {}", answer.line()))
        };
        refused("argon2", "wrong")?;
        refused("gone", PASSWORD)?;
        refused("unusable", PASSWORD)
    });
    server.stop()?;
    let server = short_lived(&jeton).serve()?;
    views(&server, &peer, "HS256", report);
    server.stop()
}

fn with_secret(jeton: &Jeton) -> Jeton {
    jeton.clone().with("JETON_ACCESS_ALGORITHM", "HS256").with("JETON_ACCESS_SHARED_SECRET", SECRET)
}

/// The same with access tokens that soon expire. Not for users whose imported hash may take longer to check than such a
/// token holds.
fn short_lived(jeton: &Jeton) -> Jeton {
    let lifetime = format!("{}s", SHORT_LIFETIME.as_secs());
    jeton.clone().with("JETON_ACCESS_LIFETIME", &lifetime).with("JETON_REFRESH_GRACE", "1s")
}

/// Django fetches the public key by `JWK_URL`, and verifies issuer and audience.
fn published_key(algorithm: &str, jeton: &Jeton, django: &Django, report: &mut Report) -> Result<()> {
    // The store's first key is for ES256; a key of another algorithm is published first and signs after that.
    let jeton =
        short_lived(jeton).with("JETON_ACCESS_ALGORITHM", algorithm).with("JETON_KEYS_PUBLISH_WAIT", "1s");
    let mut started = None;
    report.check(&format!("{algorithm}: the same data folder serves with keys of its own"), || {
        started = Some(jeton.serve()?);
        Ok(())
    });
    let Some(server) = started else { return Ok(()) };
    let client = server.client();
    let signs = report.check(&format!("{algorithm}: access tokens are signed with it"), || {
        crate::rig::wait_for("a key of this algorithm to sign", Duration::from_secs(15), || {
            let pair = TokenPair::of(sign_in(client, QUICK, PASSWORD)?)?;
            let signed_with = jwt::decode(&pair.access)?.header.text("alg")?.to_owned();
            std::thread::sleep(Duration::from_millis(300));
            Ok((signed_with == algorithm).then_some(()))
        })
    });
    if signs {
        let peer = django
            .clone()
            .with("PEER_JWK_URL", &format!("{}/.well-known/jwks.json", client.base()))
            .with("PEER_ALGORITHM", algorithm)
            .with("PEER_ISSUER", client.base())
            .serve()?;
        report.check(&format!("{algorithm} by JWK_URL: a user of Django's is the same one there"), || {
            same_person(&server, &peer, QUICK)
        });
        let sentence =
            format!("{algorithm} by JWK_URL: the access token of a code opens the view, and the next one");
        report.check(&sentence, || {
            code_flow::opens_the_view(&jeton, &server, &peer, algorithm, (QUICK, PASSWORD))
        });
        views(&server, &peer, algorithm, report);
    }
    server.stop()
}

/// A sign-in at Jeton with the password from Django names the user that Django has under that name.
fn same_person(server: &Server, peer: &Peer, username: &str) -> Result<()> {
    let pair = TokenPair::of(sign_in(server.client(), username, PASSWORD)?)?;
    let who = peer.client().fetch_with("/whoami/", &pair.access)?.expect(200)?.json()?;
    expect(who["username"] == username, || format!("Django says {who}"))?;
    let claims = jwt::decode(&pair.access)?.claims;
    let user_id = claims.value("user_id");
    expect(user_id.as_str() == Some(&who["id"].to_string()), || {
        format!("user_id is {user_id}, Django says {who}")
    })
}

/// What the views say to tokens of every kind.
fn views(server: &Server, peer: &Peer, algorithm: &str, report: &mut Report) {
    report.check(&format!("{algorithm}: a stateless view knows a user of Jeton's own by the id"), || {
        let pair = TokenPair::of(sign_in(server.client(), "native", PASSWORD)?)?;
        let who = peer.client().fetch_with("/hello/", &pair.access)?.expect(200)?.json()?;
        let claims = jwt::decode(&pair.access)?.claims;
        expect(who["id"] == *claims.value("user_id"), || format!("Django says {who}"))
    });
    report.check(&format!("{algorithm}: expired, tampered and refresh tokens open nothing"), || {
        let pair = TokenPair::of(sign_in(server.client(), QUICK, PASSWORD)?)?;
        let tampered = jwt::tampered(&pair.access, "user_id", &json!("1"))?;
        refused(&peer.client().fetch_with("/whoami/", &tampered)?, "Token is invalid")?;
        let answer = peer.client().fetch_with("/whoami/", &pair.refresh)?;
        expect(answer.status == 401, || format!("a refresh token: {}", answer.line()))?;
        std::thread::sleep(SHORT_LIFETIME + Duration::from_secs(1));
        refused(&peer.client().fetch_with("/whoami/", &pair.access)?, "Token is expired")
    });
    report.check(&format!("{algorithm}: a refreshed access token opens the view"), || {
        let pair = TokenPair::of(sign_in(server.client(), QUICK, PASSWORD)?)?;
        let pair = TokenPair::of(crate::rig::jeton::refresh(server.client(), &pair.refresh)?)?;
        opens(peer.client(), &pair.access)
    });
}

fn opens(client: &Client, access_token: &str) -> Result<()> {
    client.fetch_with("/whoami/", access_token)?.expect(200).map(drop)
}

fn refused(answer: &Answer, message: &str) -> Result<()> {
    let said: Value = answer.json()?;
    let matches = answer.status == 401 && said["messages"][0]["message"] == message;
    expect(matches, || format!("wanted 401 with {message}, got {}", answer.line()))
}

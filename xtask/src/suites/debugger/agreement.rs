//! The page and the command judge the same: each token is accepted by both, or refused with the same code.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Page;
use crate::report::Report;
use crate::rig::expect;
use crate::rig::jeton::Jeton;

/// A secret that nobody else uses.
const KEY: &str = r#"{"kty":"oct","alg":"HS256","kid":"one","k":"c2l4dHktZm91ciBieXRlcyBhcmUgZW5vdWdoIGZvciBhbGwgdGhyZWUgaGFzaCBmdW5jdGlvbnM"}"#;
const NOW: &str = "1800000000";

/// What is signed with the header `{"typ":"JWT"}`.
const CLAIMS: &[&str] = &[
    r#"{"iss":"https://i","aud":"a","exp":1800000060,"iat":1800000000}"#,
    r#"{"iss":"https://i","aud":["b","a"],"exp":1799999971,"iat":1800000030,"nbf":1800000030}"#,
    // The registered claims, each in wrong forms and with wrong values.
    r#"{"iss":"https://i/","aud":"a","exp":1800000060}"#,
    r#"{"iss":null,"aud":"a","exp":1800000060}"#,
    r#"{"iss":5,"aud":"a","exp":1800000060}"#,
    r#"{"aud":"a","exp":1800000060}"#,
    r#"{"iss":"https://i","exp":1800000060}"#,
    r#"{"iss":"https://i","aud":"b","exp":1800000060}"#,
    r#"{"iss":"https://i","aud":"","exp":1800000060}"#,
    r#"{"iss":"https://i","aud":[],"exp":1800000060}"#,
    r#"{"iss":"https://i","aud":["a",1],"exp":1800000060}"#,
    r#"{"iss":"https://i","aud":"a"}"#,
    r#"{"iss":"https://i","aud":"a","exp":1799999970}"#,
    r#"{"iss":"https://i","aud":"a","exp":1799999970.5}"#,
    r#"{"iss":"https://i","aud":"a","exp":1799999971.5}"#,
    r#"{"iss":"https://i","aud":"a","exp":1800000060000}"#,
    r#"{"iss":"https://i","aud":"a","exp":"1800000060"}"#,
    r#"{"iss":"https://i","aud":"a","exp":-1}"#,
    r#"{"iss":"https://i","aud":"a","exp":1e20}"#,
    r#"{"iss":"https://i","aud":"a","exp":1.80000006e9}"#,
    r#"{"iss":"https://i","aud":"a","exp":1800000060,"nbf":1800000031}"#,
    r#"{"iss":"https://i","aud":"a","exp":1800000060,"nbf":1800000030.5}"#,
    r#"{"iss":"https://i","aud":"a","exp":1800000060,"iat":1800000031}"#,
    r#"{"iss":"https://i","aud":"a","exp":1800000060,"sub":5}"#,
    r#"{"iss":"https://i","aud":"a","exp":1800000060,"jti":5}"#,
    // JSON that readers differ about.
    r#"{"iss":"https://i","aud":"a","exp":1800000060,"aud":"a"}"#,
    r#"{"iss":"https://i","aud":"a","exp":1800000060,"\u0061ud":"a"}"#,
    r#"{"iss":"https://i","aud":"a","exp":1800000060,"x":{"a":1,"a":2}}"#,
    r#"{"iss":"https://i","aud":"a","exp":1800000060,"x":"\ud800"}"#,
    r#"{"iss":"https://i","aud":"a","exp":1800000060,"x\u0000":1}"#,
    r#"{"iss":"https://i","aud":"a","exp":1800000060,"x":01}"#,
    r#"{"iss":"https://i","aud":"a","exp":1800000060,"x":NaN}"#,
    r#"{"iss":"https://i","aud":"a","exp":1800000060,}"#,
    r#"{"iss":"https://i","aud":"a","exp":1800000060} x"#,
    r#"{"iss":"https://i","aud":"a","exp":1800000060,"x":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"#,
    r#"{"iss":"https://i","aud":"a","exp":1800000060,"x":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"#,
    "[]",
    "\"text\"",
];

/// Headers of tokens whose signature is not reached, or is wrong.
const HEADERS: &[&str] = &[
    r#"{"alg":"HS256","typ":"JWT"}"#,
    r#"{"alg":"none"}"#,
    r#"{"alg":"none","typ":"x"}"#,
    r#"{"alg":"HS999"}"#,
    r#"{"alg":"RS256"}"#,
    r#"{"alg":"HS384","typ":"JWT"}"#,
    r#"{"typ":"JWT"}"#,
    r#"{"alg":5}"#,
    r#"{"alg":"HS256","kid":5}"#,
    r#"{"alg":"HS256","kid":"two"}"#,
    r#"{"alg":"HS256","typ":"at+jwt"}"#,
    r#"{"alg":"HS256","typ":"constructor"}"#,
    r#"{"alg":"HS256","typ":null}"#,
    r#"{"alg":"HS256","cty":1}"#,
    r#"{"alg":"HS256","crit":["x"],"x":1}"#,
    r#"{"alg":"HS256","crit":["x"]}"#,
    r#"{"alg":"HS256","crit":[]}"#,
    r#"{"alg":"HS256","crit":["alg"]}"#,
    r#"{"alg":"HS256","crit":["x","x"],"x":1}"#,
    r#"{"alg":"HS256","crit":"x","x":1}"#,
    r#"{"alg":"HS256","crit":["b64"],"b64":true}"#,
    r#"{"alg":"HS256","b64":true}"#,
    r#"{"alg":"HS256","typ":"at+jwt","crit":["x"],"x":1}"#,
    r#"{"alg":"HS256","alg":"HS256"}"#,
    r#"{"alg":"HS256""#,
    "[]",
    "",
];

pub(super) fn check(page: &Page<'_>, jeton: &Jeton, folder: &Path, report: &mut Report) -> Result<()> {
    let (key, payload) = (folder.join("debugger-key.jwk"), folder.join("debugger-payload"));
    fs::write(&key, KEY)?;
    let (key, payload) = (key.to_str().context("a path")?, payload.to_str().context("a path")?);
    report.check("the page accepts and refuses as `jeton jwt verify` does, with the same codes", || {
        let mut tokens = Vec::new();
        for claims in CLAIMS {
            fs::write(payload, claims)?;
            let signed =
                jeton.tool(&["jws", "sign", "--key", key, "--header", r#"{"typ":"JWT"}"#, payload])?;
            tokens.push((claims, signed.trim().to_owned()));
        }
        for header in HEADERS {
            let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
            tokens.push((header, format!("{}.{}.{}", encode(header), encode(CLAIMS[0]), encode("wrong"))));
        }
        let mut different = Vec::new();
        for (what, token) in &tokens {
            let by_command =
                command(jeton.command(&["jwt", "verify", "--key", key, "--iss", "https://i"]), token)?;
            let by_page = page_code(page, token)?;
            if by_command != by_page {
                different.push(format!("{what}: the command says {by_command}, the page {by_page}"));
            }
        }
        expect(different.is_empty(), || different.join("\n"))
    });
    Ok(())
}

/// What the command says of a token: `ok`, or the code of the error.
fn command(mut command: Command, token: &str) -> Result<String> {
    let output =
        command.args(["--aud", "a", "--at", NOW, token]).output().context("cannot run jeton jwt verify")?;
    if output.status.success() {
        return Ok("ok".to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let code = said.split_once("error[").and_then(|(_, rest)| rest.split_once(']'));
    Ok(code.map_or_else(|| said.to_string(), |(code, _)| code.to_owned()))
}

/// The same of the page.
fn page_code(page: &Page<'_>, token: &str) -> Result<String> {
    let wanted = [("issuer", "https://i"), ("audience", "a"), ("typ", "JWT"), ("time", NOW)];
    page.inspect(&[&[("token", token), ("against-keys", ""), ("keys", KEY)], &wanted[..]].concat())?;
    if page.text("#verdict h2")? == "Valid" {
        return Ok("ok".to_owned());
    }
    page.text("#verdict .code")
}

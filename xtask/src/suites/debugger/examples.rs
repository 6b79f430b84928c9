//! The examples of the RFCs, from `vectors/`.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Page;
use super::pasting::THEN;
use crate::cargo;
use crate::report::Report;
use crate::rig::expect;

fn read(name: &str) -> Result<Value> {
    let file = cargo::root().join("vectors").join(name);
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(serde_json::from_str(&text)?)
}

/// The text of a token in an example, in its first form.
fn token(example: &Value) -> Option<String> {
    let forms = ["compact", "flattened_json", "general_json", "json", "json_flat"].map(|form| &example[form]);
    let form = forms.into_iter().find(|form| !form.is_null())?;
    Some(form.as_str().map_or_else(|| form.to_string(), str::to_owned))
}

pub(super) fn check(page: &Page<'_>, report: &mut Report) -> Result<()> {
    report.check("the signed examples of RFC 7515, 7797 and 8037 are valid, each at its time", || {
        for (file, sections) in [("rfc/rfc7515.json", 6), ("rfc/rfc7797.json", 1)] {
            let mut valid = 0;
            for example in read(file)?.as_array().context("a list")? {
                let key = [&example["jwk"], &example["jwks"]].into_iter().find(|key| !key.is_null());
                let (Some(token), Some(key)) = (token(example), key) else { continue };
                page.inspect(&[
                    ("token", &token),
                    ("against-keys", ""),
                    ("keys", &key.to_string()),
                    ("time", THEN),
                ])?;
                page.says(&["Valid"]).with_context(|| example["section"].to_string())?;
                valid += 1;
            }
            expect(valid >= sections, || format!("{valid} of {file}"))?;
        }
        let okp = read("rfc/rfc8037.json")?;
        let (key, token) = (okp[0]["jwk"].to_string(), token(&okp[3]).context("A.4")?);
        page.inspect(&[("token", &token), ("against-keys", ""), ("keys", &key)])?;
        page.says(&["Valid"])
    });
    report.check("unsecured examples and those by RSA1_5 are refused", || {
        for (file, section) in [
            ("rfc/rfc7515.json", "RFC 7515 A.5"),
            ("rfc/rfc7519.json", "RFC 7519 6.1"),
            ("rfc/rfc7516.json", "RFC 7516 A.2"),
        ] {
            let examples = read(file)?;
            let example = examples
                .as_array()
                .into_iter()
                .flatten()
                .find(|example| example["section"] == section)
                .context(section)?;
            let (token, key) = (token(example).context("a token")?, example["jwk"].to_string());
            page.inspect(&[("token", &token), ("against-keys", ""), ("decryption-key", &key)])?;
            page.says(&["Refused", "algorithm_not_allowed"])?;
        }
        Ok(())
    });
    report
        .check("the encrypted examples of RFC 7516 and 7520 are opened with their keys", || encrypted(page));
    report.check("a nested token is opened in turn, each layer with its key", || {
        let nested = read("rfc7520-cookbook/6.nesting_signatures_and_encryption.json")?;
        let (sign, encrypt) = (&nested["sign"]["input"]["key"], &nested["encrypt"]["input"]["key"]);
        let token = token(&nested["encrypt"]["output"]).context("a token")?;
        page.inspect(&[
            ("token", &token),
            ("against-keys", ""),
            ("keys", &sign.to_string()),
            ("decryption-key", &encrypt.to_string()),
            ("time", THEN),
        ])?;
        page.says(&["Valid"])?;
        let layers = page.text("h2.layer")?;
        expect(layers == "1. Encrypted token\n2. Signed token", || layers)?;
        page.inspect(&[("token", &token), ("against-keys", "")])?;
        page.says(&["Encrypted", "Enter the recipient's key"])?;
        page.inspect(&[("token", &token), ("against-keys", ""), ("decryption-key", &sign.to_string())])?;
        page.says(&["Refused"])
    });
    report.check("an SD-JWT shows what was disclosed, and its holder's proof is checked", || sd_jwt(page));
    report.check("a DPoP proof is checked against its request and access token", || dpop(page));
    Ok(())
}

fn encrypted(page: &Page<'_>) -> Result<()> {
    for example in read("rfc/rfc7516.json")?.as_array().context("a list")? {
        let key =
            [&example["jwk"], &example["jwks"]].into_iter().find(|key| !key.is_null()).context("a key")?;
        if example["section"] == "RFC 7516 A.2" {
            continue;
        }
        opens(page, &token(example).context("a token")?, &key.to_string(), &example["plaintext_utf8"])
            .with_context(|| example["section"].to_string())?;
    }
    let folder = cargo::root().join("vectors/rfc7520-cookbook/jwe");
    let mut opened = 0;
    for file in fs::read_dir(&folder)? {
        let file = file?.file_name().into_string().ok().context("a name")?;
        // RSA1_5, and an `enc` that is not protected.
        if file.starts_with("5_1.") || file.starts_with("5_12") {
            continue;
        }
        let example = read(&format!("rfc7520-cookbook/jwe/{file}"))?;
        let key = match &example["input"]["pwd"] {
            Value::String(password) => password.clone(),
            _ if example["input"]["key"].is_array() => json!({ "keys": example["input"]["key"] }).to_string(),
            _ => example["input"]["key"].to_string(),
        };
        opens(page, &token(&example["output"]).context("a token")?, &key, &example["input"]["plaintext"])
            .context(file)?;
        opened += 1;
    }
    expect(opened >= 10, || format!("{opened} examples"))
}

fn opens(page: &Page<'_>, token: &str, key: &str, plaintext: &Value) -> Result<()> {
    page.inspect(&[("token", token), ("against-keys", ""), ("decryption-key", key)])?;
    page.says(&["Decrypted"])?;
    let plaintext = plaintext.as_str().context("a text")?;
    // A text that is JSON is shown as such.
    let start: String = plaintext.chars().take_while(|letter| !"{\"".contains(*letter)).take(40).collect();
    let shown = page.text(".claims")?;
    expect(shown.contains(start.trim()), || shown)
}

/// The main example of RFC 9901, at the time of its proof.
pub(super) fn show_sd_jwt(page: &Page<'_>) -> Result<()> {
    let examples = read("sd-jwt/rfc9901-examples.json")?;
    inspect_sd_jwt(page, &examples, &[])
}

fn inspect_sd_jwt(page: &Page<'_>, examples: &Value, more: &[(&str, &str)]) -> Result<()> {
    let token = examples["examples"][0]["sd_jwt_kb"].as_str().context("a token")?;
    let key = examples["issuer_jwk"].to_string();
    page.inspect(
        &[&[("token", token), ("against-keys", ""), ("keys", &key), ("time", "1748537250")], more].concat(),
    )
}

fn sd_jwt(page: &Page<'_>) -> Result<()> {
    let examples = read("sd-jwt/rfc9901-examples.json")?;
    let example = &examples["examples"][0];
    let (aud, nonce) = (example["aud"].as_str().context("aud")?, example["nonce"].as_str().context("nonce")?);
    inspect_sd_jwt(page, &examples, &[("binding-audience", aud), ("binding-nonce", nonce)])?;
    page.says(&["Valid"])?;
    let shown = page.text("#report")?;
    for words in [
        "4 disclosed. 6 digests stay undisclosed",
        "/family_name",
        "/nationalities/0",
        "sd_hash is the hash",
        "given name",
    ] {
        expect(shown.contains(words), || format!("{words} is not in:\n{shown}"))?;
    }
    inspect_sd_jwt(page, &examples, &[("binding-nonce", "other")])?;
    page.says(&["Refused", "sd_jwt_key_binding_mismatch", nonce, "other"])?;
    let token = example["sd_jwt_kb"].as_str().context("a token")?;
    let without = token.rsplit_once('~').context("tildes")?.0.rsplit_once('~').context("tildes")?.0;
    let stranger = format!("{without}~WyJzYWx0IiwgImFkbWluIiwgdHJ1ZV0~");
    page.inspect(&[
        ("token", &stranger),
        ("against-keys", ""),
        ("keys", &examples["issuer_jwk"].to_string()),
    ])?;
    page.says(&["Refused", "sd_jwt_disclosure"])
}

fn dpop(page: &Page<'_>) -> Result<()> {
    let examples = read("rfc/rfc9449-dpop.json")?;
    let proofs = examples["examples"].as_array().context("a list")?;
    let proof =
        proofs.iter().rfind(|example| example["payload"]["ath"].is_string()).context("a proof with ath")?;
    let text = |value: &Value| value.as_str().map(str::to_owned).context("a text");
    let (token, method, url) =
        (text(&proof["jwt"])?, text(&proof["payload"]["htm"])?, text(&proof["payload"]["htu"])?);
    let (access, thumbprint, time) =
        (text(&examples["access_token"])?, text(&examples["jkt"])?, proof["payload"]["iat"].to_string());
    let inspect = |method: &str, url: &str, access: &str, time: &str| {
        page.inspect(&[
            ("token", &token),
            ("method", method),
            ("url", url),
            ("access-token", access),
            ("time", time),
        ])
    };
    inspect(&method, &url.replace("https://", "HTTPS://"), &access, &time)?;
    page.says(&["Valid"])?;
    let shown = page.text("#report")?;
    expect(shown.contains(&thumbprint), || shown)?;
    let later = (proof["payload"]["iat"].as_u64().context("iat")? + 100).to_string();
    for (method, url, access, time, code) in [
        ("PUT", url.as_str(), access.as_str(), time.as_str(), "dpop_method_mismatch"),
        (&method, "https://other.example/", &access, &time, "dpop_uri_mismatch"),
        (&method, &url, "another", &time, "dpop_access_token_mismatch"),
        (&method, &url, &access, &later, "token_too_old"),
    ] {
        inspect(method, url, access, time)?;
        page.says(&["Refused", code])?;
    }
    let bound =
        proofs.iter().find(|example| !example["payload"]["cnf"].is_null()).context("a bound token")?;
    inspect(&method, &url, &text(&bound["jwt"])?, &time)?;
    let shown = page.text(".checks")?;
    expect(shown.contains("cnf.jkt is the thumbprint of this key"), || shown)
}

//! Tokens with something around them, as they are found in mails, logs and tools.

use anyhow::Result;

use super::Page;
use crate::report::Report;
use crate::rig::expect;

/// The token of RFC 7515 A.1.
pub(super) const RFC7515_A1: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const KEY: &str = r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;
/// Shortly before the tokens of the RFCs expire.
pub(super) const THEN: &str = "1300819300";

/// The token in a pasted text is valid by the key of RFC 7515 A.1.
pub(super) fn valid_by_key(page: &Page<'_>, pasted: &str) -> Result<()> {
    page.inspect(&[("token", pasted), ("against-keys", ""), ("keys", KEY), ("time", THEN)])?;
    page.says(&["Valid"])
}

pub(super) fn check(page: &Page<'_>, report: &mut Report) -> Result<()> {
    let token = RFC7515_A1;
    let (start, end) = token.split_at(50);
    let pasted = [
        (format!("Bearer {token}"), "“Bearer”"),
        (format!("  Authorization:   bearer {token}\r\n"), "“Authorization:”; “bearer”"),
        (format!("DPoP: {token}"), "“DPoP:”"),
        (format!("\"{token}\""), "quotes"),
        (format!("'{token}',"), "a comma"),
        (format!("“{token}”"), "quotes"),
        (format!("{start}\n{end}"), "line breaks (1)"),
        (format!("{start}\r\n   {end}"), "line breaks (1)"),
        (format!("{start} {end}"), "spaces inside it"),
        (format!("\u{feff}{start}\u{200b}{end}\u{202c}"), "invisible characters"),
        (format!("-H 'Authorization: Bearer {token}'"), "the option of curl"),
        (format!("https://app.example/cb#access_token={token}&token_type=Bearer"), "“access_token”"),
        (format!("https://app.example/in?x=1&token={token}"), "“token”"),
        (format!("grant_type=jwt&assertion={}", token.replace('.', "%2E")), "“assertion”"),
        (format!("{{\"access_token\": \"{token}\", \"expires_in\": 300}}"), "the JSON around"),
        (
            format!("{{\"access\": \"{token}\", \"refresh\": \"a.b.c\"}}"),
            "“access”; ignored beside it: refresh",
        ),
    ];
    report.check("a token is read however it was pasted, and the page says what it removed", || {
        for (text, taken) in &pasted {
            valid_by_key(page, text)?;
            let said = page.text("#taken")?;
            expect(said.starts_with("Removed: ") && said.contains(taken), || format!("{text}\n{said}"))?;
        }
        valid_by_key(page, token)?;
        let said = page.text("#taken")?;
        expect(said.is_empty(), || said)
    });
    report.check("of a broken token the first bad character is named, with its place", || {
        let broken = [
            (token.replacen(".eyJ", ".éyJ", 1), "character 42 of the token is “é” (U+00E9)"),
            (token.replacen("J0e", "J+e", 1), "character 4 of the token is “+”, which is base64"),
            (format!("{token}=="), "character 180 of the token is “=”: tokens have no padding"),
            (format!("{}…", &token[..60]), "character 61 of the token is “…”"),
            (token.replacen(".eyJ", ".\u{430}yJ", 1), "character 42 of the token is “а” (U+0430)"),
            (token[..token.len() - 2].to_owned(), "one is missing or too many"),
            (start.to_owned(), "has 2 parts"),
            (token[..30].to_owned(), "part of it is missing"),
            ("0f8a".to_owned(), "opaque token"),
            ("-----BEGIN PUBLIC KEY-----".to_owned(), "Paste it as the key"),
            (KEY.to_owned(), "Paste it as the key"),
        ];
        for (text, words) in &broken {
            page.inspect(&[("token", text), ("against-keys", ""), ("keys", KEY)])?;
            page.says(&[words, "token_malformed"])?;
        }
        Ok(())
    });
    report.check("broken claims are shown as far as they can be, with what is wrong", || {
        let judged = [
            // {"alg":"HS256"} before each.
            ("eyJhbGciOiJIUzI1NiJ9.eyJhIjoxLCJhIjoyfQ.AAAA", "claims_malformed", "is there twice"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJhIjox.AAAA", "claims_malformed", "found the end"),
            (
                "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3MDAwMDAwMDAwMDB9.AAAA",
                "claim_malformed",
                "milliseconds, it seems",
            ),
            ("eyJhbGciOiJIUzI1NiJ9.e30.AAAA", "claim_missing", "exp is missing"),
        ];
        for (text, code, words) in judged {
            page.inspect(&[("token", text), ("against-keys", "")])?;
            page.says(&["Refused", code])?;
            let checks = page.text("#report")?;
            expect(checks.contains(words), || format!("{text}\n{checks}"))?;
        }
        // {"n":12345678901234567890123,"exp":9000000000}
        page.inspect(&[
            (
                "token",
                "eyJhbGciOiJIUzI1NiJ9.eyJuIjoxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMywiZXhwIjo5MDAwMDAwMDAwfQ.AAAA",
            ),
            ("against-keys", ""),
        ])?;
        page.says(&["Not verified"])?;
        let claims = page.text(".claims")?;
        expect(claims.contains("12345678901234567890123"), || claims)
    });
    report.check("hidden characters are shown, and nothing in a token is markup", || {
        // {"iss":"<U+202E><b>a<U+200B>da","exp":9000000000}
        let hostile = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiLigK48Yj5h4oCLZGEiLCJleHAiOjkwMDAwMDAwMDB9.AAAA";
        page.inspect(&[("token", hostile), ("against-keys", ""), ("issuer", "ada")])?;
        page.says(&["issuer_mismatch", r"\u202e<b>a\u200bda"])?;
        let claims = page.text(".claims")?;
        expect(claims.contains(r"\u202e<b>a\u200bda"), || claims)
    });
    Ok(())
}

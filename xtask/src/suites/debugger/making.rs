//! Test tokens, made in the page.

use anyhow::{Context, Result};
use serde_json::json;

use super::{PATIENCE, Page};
use crate::report::Report;
use crate::rig::{expect, wait_for};

/// The key "arrow to the right" of WebDriver.
const RIGHT: &str = "\u{e014}";

pub(super) fn check(page: &Page<'_>, report: &mut Report) -> Result<()> {
    report.check("tokens are made with throw-away keys, and are valid by the key set beside them", || {
        ["ES256", "RS256", "PS256", "EdDSA", "HS256"]
            .into_iter()
            .try_for_each(|alg| one(page, alg).with_context(|| format!("by {alg}")))
    });
    report.check("a time is set by a button, and an expired token is refused", || {
        open(page, "ES256")?;
        page.0.find_soon("[data-after='-300']")?.click()?;
        sign_and_inspect(page)?;
        page.says(&["Refused", "token_expired", "5 minutes ago"])
    });
    report.check("broken claims are not signed, and the reason is said", || {
        open(page, "ES256")?;
        page.0.run("document.getElementById('make-claims').value = '{\"iss\": }'", &json!([]))?;
        page.0.find_soon("#make-sign")?.click()?;
        page.0.wait_until_shown("#make-problem", |shown| shown.contains("broken at character 9"))?;
        page.0
            .run("document.getElementById('make-claims').value = '{\"exp\": 9000000000}'", &json!([]))
            .map(drop)
    });
    report.check("the arrow keys lead from tab to tab", || {
        page.0.run("document.getElementById('tab-inspect').click()", &json!([]))?;
        page.0.find_soon("#tab-inspect")?.type_text(RIGHT)?;
        page.0.wait_until_shown("#make", |shown| shown.contains("Algorithm"))?;
        page.0.find_soon("#tab-make")?.type_text(RIGHT)?;
        page.0.wait_until_shown("#inspect", |shown| shown.contains("Verify against"))
    });
    Ok(())
}

/// Makes a token by this algorithm and inspects it.
pub(super) fn one(page: &Page<'_>, alg: &str) -> Result<()> {
    open(page, alg)?;
    sign_and_inspect(page)?;
    page.says(&["Valid"])?;
    let header = page.text(".header")?;
    expect(header.contains(alg), || header)
}

fn open(page: &Page<'_>, alg: &str) -> Result<()> {
    const CHOOSE: &str = "
        document.getElementById('tab-make').click();
        const field = document.getElementById('make-alg');
        field.value = arguments[0];
        field.dispatchEvent(new Event('change'));";
    page.0.run(CHOOSE, &json!([alg]))?;
    wait_for("the key", PATIENCE, || {
        let key = page.text("#make-jwk")?;
        Ok(key.contains(&format!("\"{alg}\"")).then_some(()))
    })
}

fn sign_and_inspect(page: &Page<'_>) -> Result<()> {
    page.0.run(
        "document.getElementById('made').hidden = true; document.getElementById('verdict').replaceChildren()",
        &json!([]),
    )?;
    page.0.find_soon("#make-sign")?.click()?;
    page.0.wait_until_shown("#made", |shown| shown.contains("eyJ"))?;
    page.0.find_soon("#make-inspect")?.click()?;
    wait_for("a verdict", PATIENCE, || Ok((!page.text("#verdict")?.is_empty()).then_some(())))
}

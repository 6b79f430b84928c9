//! The claims of the two servers' tokens.

use anyhow::Result;

use super::LIFETIME;
use super::side::Side;
use crate::rig::{expect, jwt};

/// That our tokens carry simplejwt's claims, first and in its order, with values of the same kind. What Jeton adds
/// (issuer, audience, the session) comes after.
pub(super) fn same(theirs: &Side<'_>, ours: &Side<'_>) -> Result<()> {
    let (theirs, ours) = (theirs.pair()?, ours.pair()?);
    alike(&theirs.access, &ours.access)?;
    alike(&theirs.refresh, &ours.refresh)
}

fn alike(theirs: &str, ours: &str) -> Result<()> {
    let (theirs, ours) = (jwt::decode(theirs)?.claims, jwt::decode(ours)?.claims);
    let names = theirs.names();
    expect(ours.names().starts_with(&names), || {
        format!("simplejwt has {names:?}, Jeton {:?}", ours.names())
    })?;
    for name in ["token_type", "user_id"] {
        let (wanted, found) = (theirs.value(name), ours.value(name));
        expect(wanted == found, || format!("{name} is {wanted} at simplejwt and {found} at Jeton"))?;
    }
    let lifetime = ours.number("exp")?.saturating_sub(ours.number("iat")?);
    expect(lifetime == LIFETIME, || format!("a token of {LIFETIME} s holds for {lifetime} s"))?;
    let jti = ours.text("jti")?;
    let hex =
        jti.len() == 32 && jti.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    expect(hex, || format!("jti is {jti}"))
}

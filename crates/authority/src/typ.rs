//! The kinds of tokens, as `typ` states them (RFC 8725 §3.11).

/// The `typ` of an access token (RFC 9068 §2.1).
pub(crate) const ACCESS_TOKEN: &str = "at+jwt";

/// The `typ` of ID tokens, and of access tokens for APIs whose library accepts nothing else: claims distinguish the
/// two.
pub(crate) const PLAIN: &str = "JWT";

/// The `typ` of a refresh token.
pub(crate) const REFRESH_TOKEN: &str = "rt+jwt";

/// Whether a token has no `typ`, or one of these. Case and the prefix `application/` are ignored (RFC 7515 §4.1.9).
pub(crate) fn is_one_of(typ: Option<&str>, taken: &[&str]) -> bool {
    let Some(typ) = typ else { return true };
    const PREFIX: &str = "application/";
    let name = match typ.get(..PREFIX.len()) {
        Some(prefix) if prefix.eq_ignore_ascii_case(PREFIX) => &typ[PREFIX.len()..],
        _ => typ,
    };
    taken.iter().any(|taken| name.eq_ignore_ascii_case(taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typ_is_compared_as_a_media_type() {
        for typ in
            [None, Some("JWT"), Some("jwt"), Some("application/jwt"), Some("Application/JWT"), Some("at+jwt")]
        {
            assert!(is_one_of(typ, &["JWT", "at+jwt"]), "{typ:?}");
        }
        for typ in ["", "dpop+jwt", "application/", "text/jwt", "jwt+at"] {
            assert!(!is_one_of(Some(typ), &["JWT", "at+jwt"]), "{typ}");
        }
    }
}

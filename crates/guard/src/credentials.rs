//! The token in the `Authorization` header. It is never read from anywhere else: a token in a query ends up in logs
//! and histories, and OAuth 2.1 has removed it, together with the token in a body.

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// How the header is parsed. The two styles differ only in what they accept as a bearer token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// RFC 6750 §2.1 with RFC 9110 §11.1: the scheme in any case, then a `b64token`.
    Rfc6750,
    /// simplejwt: words between white space, the first of them exactly `Bearer`.
    SimpleJwt,
}

/// Why there is no token to verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoToken {
    /// No credentials, or credentials of another scheme.
    Absent,
    /// Only the scheme.
    Empty,
    /// Something other than one token after the scheme.
    Malformed,
    /// More than one `Authorization` header: it is unclear which one counts, and two programs may decide differently.
    Several,
}

/// How a token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// A bearer token: anyone who has it can use it (RFC 6750).
    Bearer,
    /// With a proof of the key that it is bound to (RFC 9449 §7.1).
    Dpop,
}

impl Scheme {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// Finds the request's token with one of these schemes.
pub(crate) fn token<'h>(
    headers: &'h HeaderMap,
    dialect: Dialect,
    schemes: &[Scheme],
) -> Result<(Scheme, &'h str), NoToken> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Err(NoToken::Absent) };
    if values.next().is_some() {
        return Err(NoToken::Several);
    }
    for &scheme in schemes {
        let found = match dialect {
            Dialect::Rfc6750 => rfc6750(value.as_bytes(), scheme.as_str().as_bytes()),
            Dialect::SimpleJwt => simplejwt(value.as_bytes(), scheme.as_str().as_bytes()),
        };
        match found {
            Err(NoToken::Absent) => {}
            found => return found.map(|token| (scheme, token)),
        }
    }
    Err(NoToken::Absent)
}

fn rfc6750<'v>(value: &'v [u8], wanted: &[u8]) -> Result<&'v str, NoToken> {
    let Some((scheme, rest)) = value.split_at_checked(wanted.len()) else { return Err(NoToken::Absent) };
    if !scheme.eq_ignore_ascii_case(wanted) {
        return Err(NoToken::Absent);
    }
    match rest {
        [] => Err(NoToken::Empty),
        [b' ', ..] => match rest.trim_ascii() {
            [] => Err(NoToken::Empty),
            token if is_b64token(token) => std::str::from_utf8(token).map_err(|_| NoToken::Malformed),
            _ => Err(NoToken::Malformed),
        },
        // The scheme goes on: `Bearers`.
        _ => Err(NoToken::Absent),
    }
}

// RFC 6750 §2.1: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
fn is_b64token(token: &[u8]) -> bool {
    let letters = token.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let (letters, _) = token.split_at(letters);
    // No early end, so that the compiler looks at many bytes at once: nearly every token is good.
    let good = letters.iter().fold(true, |good, byte| {
        good & (byte.is_ascii_alphanumeric() | matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/'))
    });
    good && !letters.is_empty()
}

fn simplejwt<'v>(value: &'v [u8], scheme: &[u8]) -> Result<&'v str, NoToken> {
    let Some(rest) = value.trim_ascii().strip_prefix(scheme) else { return Err(NoToken::Absent) };
    match rest {
        [] => Err(NoToken::Empty),
        [first, ..] if first.is_ascii_whitespace() => {
            let token = rest.trim_ascii_start();
            let several = token.iter().fold(false, |seen, byte| seen | byte.is_ascii_whitespace());
            if several {
                Err(NoToken::Malformed)
            } else {
                std::str::from_utf8(token).map_err(|_| NoToken::Malformed)
            }
        }
        // The scheme goes on: `Bearers`.
        _ => Err(NoToken::Absent),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(values: &[&'static str], dialect: Dialect) -> Result<String, NoToken> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_static(value));
        }
        token(&headers, dialect, &[Scheme::Bearer]).map(|(_, token)| token.to_owned())
    }

    #[test]
    fn the_two_dialects_read_a_header_as_their_sources_say() {
        use NoToken::{Absent, Empty, Malformed, Several};
        let token = |text: &str| Ok(text.to_owned());
        for (values, rfc6750, simplejwt) in [
            (&[][..], Err(Absent), Err(Absent)),
            (&[""], Err(Absent), Err(Absent)),
            (&["Basic YTpi"], Err(Absent), Err(Absent)),
            (&["Bearers a.b.c"], Err(Absent), Err(Absent)),
            (&["Bearer"], Err(Empty), Err(Empty)),
            (&["Bearer "], Err(Empty), Err(Empty)),
            (&["Bearer a.b.c"], token("a.b.c"), token("a.b.c")),
            (&["bearer a.b.c"], token("a.b.c"), Err(Absent)),
            (&["BEARER a.b.c"], token("a.b.c"), Err(Absent)),
            (&["Bearer   a.b.c"], token("a.b.c"), token("a.b.c")),
            (&["Bearer a.b.c d"], Err(Malformed), Err(Malformed)),
            (&["Bearer a.b.c=="], token("a.b.c=="), token("a.b.c==")),
            (&["Bearer =="], Err(Malformed), token("==")),
            (&["Bearer \"a.b.c\""], Err(Malformed), token("\"a.b.c\"")),
            (&["Bearer a,b"], Err(Malformed), token("a,b")),
            (&["Bearer\ta.b.c"], Err(Absent), token("a.b.c")),
            (&["Bearer a", "Bearer b"], Err(Several), Err(Several)),
            (&["Bearer a", "Basic YTpi"], Err(Several), Err(Several)),
        ] {
            assert_eq!(read(values, Dialect::Rfc6750), rfc6750, "{values:?} as RFC 6750 says");
            assert_eq!(read(values, Dialect::SimpleJwt), simplejwt, "{values:?} as simplejwt does");
        }
    }
}

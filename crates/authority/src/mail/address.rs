//! Addresses that mail can be sent to. Users may have any text as their address, since operators set it; here it is decided
//! which of them are sent to, and how they are written on the wire.

use std::fmt;

use idna::AsciiDenyList;

use crate::display_text::hidden_characters;

/// The longest local part, in bytes (RFC 5321 §4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;
/// The longest domain, in bytes of its A-labels (RFC 5321 §4.5.3.1.2).
const LONGEST_DOMAIN: usize = 253;
/// The longest label of a domain (RFC 1035 §2.3.4).
const LONGEST_LABEL: usize = 63;

/// An address that mail can be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailAddress {
    local: Box<str>,
    /// In A-labels.
    domain: Box<str>,
}

/// Why mail cannot be sent to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MailAddressError {
    /// There is no `@` with something on both sides.
    #[error("an e-mail address has the form name@example.org")]
    Incomplete,
    /// The part before the `@` is too long, or has a character that is not sent.
    #[error(
        "the part before the @ is too long, or contains spaces, quotes, brackets or invisible characters"
    )]
    Local,
    /// The part after the `@` is no domain name.
    #[error("the part after the @ is not a domain name")]
    Domain,
}

impl MailAddressError {
    /// The stable name of this error.
    pub const fn code(self) -> &'static str {
        "mail_address_malformed"
    }
}

impl MailAddress {
    /// Parses an address as people write it. The domain may have letters beyond ASCII, and so may the part before it, which
    /// only some servers take.
    ///
    /// # Errors
    /// [`MailAddressError`] says which part is wrong.
    pub fn parse(typed: &str) -> Result<Self, MailAddressError> {
        let (local, domain) = typed.trim().rsplit_once('@').ok_or(MailAddressError::Incomplete)?;
        if local.is_empty() || domain.is_empty() {
            return Err(MailAddressError::Incomplete);
        }
        // Nothing that could end a line, a path or a comment (RFC 5322 §3.2.3): no quoted form either.
        let is_sent = |c: char| !c.is_whitespace() && !c.is_control() && !"<>()[]\\,;:\"@".contains(c);
        let is_dotted = local.split('.').all(|atom| !atom.is_empty());
        let hides = hidden_characters(local).next().is_some();
        if local.len() > LONGEST_LOCAL || !local.chars().all(is_sent) || !is_dotted || hides {
            return Err(MailAddressError::Local);
        }
        let domain = idna::domain_to_ascii_cow(domain.as_bytes(), AsciiDenyList::STD3)
            .map_err(|_| MailAddressError::Domain)?;
        let is_label = |label: &str| {
            !label.is_empty()
                && label.len() <= LONGEST_LABEL
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if domain.len() > LONGEST_DOMAIN || !domain.split('.').all(is_label) {
            return Err(MailAddressError::Domain);
        }
        Ok(Self { local: local.into(), domain: domain.into() })
    }

    /// The part before the `@`.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The domain, in A-labels.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Whether a server has to offer SMTPUTF8 (RFC 6531) for it.
    pub fn needs_utf8(&self) -> bool {
        !self.local.is_ascii()
    }
}

/// The address as it is written on the wire.
impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_written_in_a_labels_and_the_local_part_as_it_is() {
        for (typed, wire, utf8) in [
            ("ada@example.org", "ada@example.org", false),
            (" Ada.L+x@Example.ORG\n", "Ada.L+x@example.org", false),
            ("info@münchen.de", "info@xn--mnchen-3ya.de", false),
            ("info@xn--mnchen-3ya.de", "info@xn--mnchen-3ya.de", false),
            ("jürgen@münchen.de", "jürgen@xn--mnchen-3ya.de", true),
            ("root@localhost", "root@localhost", false),
        ] {
            let address = MailAddress::parse(typed).expect(typed);
            assert_eq!((address.to_string().as_str(), address.needs_utf8()), (wire, utf8));
        }
    }

    #[test]
    fn what_could_become_another_recipient_or_header_is_no_address() {
        use MailAddressError::{Domain, Incomplete, Local};
        for (typed, error) in [
            ("", Incomplete),
            ("ada", Incomplete),
            ("@example.org", Incomplete),
            ("ada@", Incomplete),
            ("a\r\nBcc: eve@example.org", Local),
            ("ada@example.org\r\nBcc: eve@example.org", Local),
            ("ada@example.org, eve@example.org", Local),
            ("<ada@example.org", Local),
            ("\"a b\"@example.org", Local),
            ("a..b@example.org", Local),
            ("a\u{202e}b@example.org", Local),
            ("ada@exa mple.org", Domain),
            ("ada@example..org", Domain),
            ("ada@-example.org", Domain),
            ("ada@[127.0.0.1]", Domain),
            ("ada@exa_mple.org", Domain),
            (&format!("{}@example.org", "a".repeat(65)), Local),
            (&format!("ada@{}.org", "a".repeat(64)), Domain),
        ] {
            assert_eq!(MailAddress::parse(typed), Err(error), "{typed:?}");
        }
    }
}

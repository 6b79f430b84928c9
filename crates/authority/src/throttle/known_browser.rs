//! Browsers that somebody signed in with before. The throttle does not slow them down because of others.
//!
//! The browser stores everything in a cookie that only the authority can make: the browser's name, keyed hashes of the
//! accounts that signed in there, and a code over both. It does not prove who is using the browser, and signs nobody
//! in.

use jeton_jose::base64url;
use subtle::ConstantTimeEq;

use crate::keyring::Keys;
use crate::random::{Random, sixteen};
use crate::user::folded;

/// How many accounts a browser is known for: the last ones that signed in.
pub const KNOWN_ACCOUNTS: usize = 8;

const ID_BYTES: usize = 16;
const ACCOUNT_BYTES: usize = 8;
const CODE_BYTES: usize = 16;

/// A browser that somebody signed in with before.
#[derive(Clone, PartialEq, Eq)]
pub struct KnownBrowser {
    id: [u8; ID_BYTES],
    /// The most recent account comes first.
    accounts: Vec<AccountTag>,
}

/// An account, as a keyed hash of its name.
pub(crate) type AccountTag = [u8; ACCOUNT_BYTES];

impl KnownBrowser {
    /// The name of the browser.
    pub(crate) fn id(&self) -> [u8; ID_BYTES] {
        self.id
    }

    /// Whether this account signed in there.
    pub(crate) fn knows(&self, account: &AccountTag) -> bool {
        self.accounts.contains(account)
    }

    /// The account that signed in there last.
    pub(crate) fn last_account(&self) -> Option<AccountTag> {
        self.accounts.first().copied()
    }

    /// The browser in this cookie; `None` if the authority did not make the cookie.
    pub(crate) fn parse(cookie: &str, keys: &Keys) -> Option<Self> {
        let bytes = base64url::decode(cookie).ok()?;
        let (content, code) = bytes.split_last_chunk::<CODE_BYTES>()?;
        let (id, accounts) = content.split_first_chunk::<ID_BYTES>()?;
        let accounts: Vec<AccountTag> =
            accounts.chunks(ACCOUNT_BYTES).map(|tag| tag.try_into().ok()).collect::<Option<_>>()?;
        if accounts.is_empty() || accounts.len() > KNOWN_ACCOUNTS {
            return None;
        }
        let is_ours: bool = code_over(content, keys).ct_eq(code).into();
        is_ours.then_some(Self { id: *id, accounts })
    }

    /// The browser, known or not, after this account has signed in there.
    pub(crate) fn remembering(before: Option<&Self>, account: AccountTag, random: &dyn Random) -> Self {
        let mut browser = match before {
            Some(browser) => browser.clone(),
            None => Self { id: sixteen(random), accounts: vec![] },
        };
        browser.accounts.retain(|known| *known != account);
        browser.accounts.insert(0, account);
        browser.accounts.truncate(KNOWN_ACCOUNTS);
        browser
    }

    /// The cookie for the browser.
    pub(crate) fn to_cookie(&self, keys: &Keys) -> String {
        let mut bytes = self.id.to_vec();
        bytes.extend(self.accounts.iter().flatten());
        let code = code_over(&bytes, keys);
        bytes.extend(code);
        base64url::encode(bytes)
    }
}

/// Hides the content of the cookie, because anyone who has it would be taken for this browser.
impl std::fmt::Debug for KnownBrowser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KnownBrowser(…)")
    }
}

fn code_over(content: &[u8], keys: &Keys) -> [u8; CODE_BYTES] {
    first(keys.seal("known browser", &[content]))
}

/// The first bytes of a seal.
fn first<const N: usize>(seal: [u8; 32]) -> [u8; N] {
    *seal.first_chunk().expect("a seal is longer than what is taken of it")
}

/// The name of an account in cookies and in the throttle for user codes, whether it exists or not.
pub(crate) fn account_tag(keys: &Keys, username: &str) -> AccountTag {
    first(keys.seal("known account", &[folded(username.trim()).as_bytes()]))
}

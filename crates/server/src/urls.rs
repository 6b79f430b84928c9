//! The authority's URLs: its issuer, and the path in it that everything is mounted under.
//!
//! A request may contain that path, or a proxy may have stripped it: both are accepted. The authority's own URLs
//! always contain it, because browsers and clients need it.

use std::any::Any;

use askama::Values;
use http::Uri;
use http::uri::PathAndQuery;

/// All paths, relative to the path of the issuer.
pub(crate) mod path {
    pub(crate) const AUTHORIZE: &str = "/authorize";
    pub(crate) const AUTHORIZE_SIGN_IN: &str = "/authorize/sign-in";
    pub(crate) const AUTHORIZE_SECOND_FACTOR: &str = "/authorize/second-factor";
    pub(crate) const AUTHORIZE_CONSENT: &str = "/authorize/consent";
    pub(crate) const DEVICE: &str = "/device";
    pub(crate) const DEVICE_CONFIRM: &str = "/device/confirm";
    pub(crate) const DEVICE_SIGN_IN: &str = "/device/sign-in";
    pub(crate) const DEVICE_SECOND_FACTOR: &str = "/device/second-factor";
    pub(crate) const DEVICE_DECIDE: &str = "/device/decide";
    pub(crate) const ACCOUNT: &str = "/account";
    pub(crate) const ACCOUNT_AUTHENTICATOR: &str = "/account/authenticator";
    pub(crate) const ACCOUNT_PASSKEYS: &str = "/account/passkeys";
    pub(crate) const ACCOUNT_PASSWORD: &str = "/account/password";
    pub(crate) const ACCOUNT_PLACES: &str = "/account/places";
    pub(crate) const ACCOUNT_APPLICATIONS: &str = "/account/applications";
    pub(crate) const ACCOUNT_ACTIVITY: &str = "/account/activity";
    pub(crate) const ACCOUNT_DATA: &str = "/account/data";
    pub(crate) const ACCOUNT_EXPORT: &str = "/account/export";
    pub(crate) const ACCOUNT_RECOVERY_CODES: &str = "/account/recovery-codes";
    pub(crate) const ACCOUNT_SIGN_IN: &str = "/account/sign-in";
    pub(crate) const ACCOUNT_SECOND_FACTOR: &str = "/account/second-factor";
    /// The script of pages that use passkeys.
    pub(crate) const PASSKEY_JS: &str = "/assets/passkey.js";
    pub(crate) const RESET: &str = "/reset";
    pub(crate) const RESET_SENT: &str = "/reset/sent";
    pub(crate) const RESET_CODE: &str = "/reset/code";
    pub(crate) const RESET_LINK: &str = "/reset/link";
    pub(crate) const RESET_PASSWORD: &str = "/reset/password";
    pub(crate) const RESET_DONE: &str = "/reset/done";
    pub(crate) const END_SESSION: &str = "/end_session";
    pub(crate) const END_SESSION_CONFIRM: &str = "/end_session/confirm";
    pub(crate) const END_SESSION_DONE: &str = "/end_session/done";

    pub(crate) const DEBUGGER: &str = "/debugger";

    pub(crate) const TOKEN: &str = "/token";
    pub(crate) const DEVICE_AUTHORIZATION: &str = "/device_authorization";
    pub(crate) const PAR: &str = "/par";
    pub(crate) const INTROSPECT: &str = "/introspect";
    pub(crate) const REVOKE: &str = "/revoke";
    pub(crate) const REVOCATIONS: &str = "/revocations";
    /// The status list, and what names all lists.
    pub(crate) const STATUS_LIST: &str = jeton_authority::status_list::PATH;
    pub(crate) const STATUS_LISTS: &str = jeton_authority::status_list::AGGREGATION_PATH;
    pub(crate) const USERINFO: &str = "/userinfo";
    pub(crate) const REGISTER: &str = "/register";
    /// The path prefix of self-registered clients.
    pub(crate) const REGISTERED: &str = "/register/";

    /// The administration API, and its endpoints below.
    pub(crate) const ADMIN_API: &str = "/admin/api/v1";
    /// What describes it.
    pub(crate) const ADMIN_OPENAPI: &str = "/admin/api/v1/openapi.json";

    /// The token API, and its endpoints below.
    pub(crate) const TOKEN_API: &str = "/api/token";

    /// The well-known path prefix.
    pub(crate) const WELL_KNOWN: &str = "/.well-known/";
    /// OpenID Connect Discovery §4.
    pub(crate) const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
    /// RFC 8414 §3.
    pub(crate) const OAUTH_SERVER: &str = "/.well-known/oauth-authorization-server";
    pub(crate) const HEALTHZ: &str = "/healthz";
    pub(crate) const READYZ: &str = "/readyz";
    pub(crate) const STARTUPZ: &str = "/startupz";
    pub(crate) const JWKS: &str = "/.well-known/jwks.json";
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Urls {
    issuer: Box<str>,
    /// The host of the issuer, with its port if it has one.
    host: Box<str>,
    /// For example `/auth`; empty if the issuer has no path.
    base: Box<str>,
}

impl Urls {
    /// The name of the path among the values of a template.
    const BASE: &'static str = "base";

    /// The URLs of the authority with this issuer.
    pub(crate) fn of(issuer: &str) -> Self {
        let issuer = issuer.trim_end_matches('/');
        let rest = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
        let (host, base) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Self { issuer: issuer.into(), host: host.into(), base: base.into() }
    }

    /// The full URL of one of the authority's paths, as clients know it.
    pub(crate) fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// The host of the issuer, as in its URL.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The path that everything is mounted under; empty for the root.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// One of the authority's paths for a browser, relative to its host.
    pub(crate) fn local(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Changes a request's path to one relative to the issuer's path.
    pub(crate) fn mount(&self, uri: &mut Uri) {
        let within = self.within(uri.path());
        if within == uri.path() {
            return;
        }
        let target = match uri.query() {
            Some(query) => format!("{within}?{query}"),
            None => within.to_owned(),
        };
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = PathAndQuery::try_from(target).ok();
        if let Ok(mounted) = Uri::from_parts(parts) {
            *uri = mounted;
        }
    }

    /// The path of a request relative to the issuer's path. RFC 8414 §3 appends the issuer's path to the well-known
    /// path, OpenID Connect Discovery §4 prepends it, and clients of the Model Context Protocol try all of these.
    pub(crate) fn within<'a>(&self, path: &'a str) -> &'a str {
        if self.base.is_empty() {
            return path;
        }
        for document in [path::OPENID_CONFIGURATION, path::OAUTH_SERVER] {
            if path.strip_prefix(document) == Some(&*self.base) {
                return document;
            }
        }
        match path.strip_prefix(&*self.base) {
            Some("") => "/",
            Some(rest) if rest.starts_with('/') => rest,
            _ => path,
        }
    }
}

/// For templates that link to the authority's paths.
impl Values for Urls {
    fn get_value<'a>(&'a self, key: &str) -> Option<&'a dyn Any> {
        (key == Self::BASE).then_some(&self.base as &dyn Any)
    }
}

/// The path that everything is mounted under, from the values of a template; the root if they contain none.
pub(crate) fn base_of(values: &dyn Values) -> &str {
    askama::get_value::<Box<str>>(values, Urls::BASE).map_or("", |base| &**base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_may_have_a_path_or_none() {
        for (issuer, base) in [
            ("https://auth.example", ""),
            ("https://auth.example/", ""),
            ("http://[::1]:8000", ""),
            ("https://host.example/auth", "/auth"),
            ("https://host.example/auth/", "/auth"),
            ("https://host.example:8443/a/b.c~d%20e", "/a/b.c~d%20e"),
        ] {
            assert_eq!(Urls::of(issuer).base(), base, "{issuer}");
        }
        assert_eq!(Urls::of("https://host.example/auth").local("/device"), "/auth/device");
        assert_eq!(Urls::of("https://auth.example").local("/device"), "/device");
        let whole = Urls::of("https://host.example/auth").absolute("/device");
        assert_eq!(whole, "https://host.example/auth/device");
    }

    #[test]
    fn a_request_is_the_same_with_the_path_of_the_issuer_and_without_it() {
        let urls = Urls::of("https://host.example/auth");
        for (path, within) in [
            ("/auth/authorize", "/authorize"),
            ("/authorize", "/authorize"),
            ("/auth", "/"),
            ("/auth/", "/"),
            ("/", "/"),
            ("/auth/api/token/", "/api/token/"),
            ("/api/token/", "/api/token/"),
            ("/author", "/author"),
            ("/authorize/consent", "/authorize/consent"),
            ("/auth/auth/device", "/auth/device"),
            ("/auth/.well-known/openid-configuration", path::OPENID_CONFIGURATION),
            ("/.well-known/openid-configuration", path::OPENID_CONFIGURATION),
            ("/.well-known/openid-configuration/auth", path::OPENID_CONFIGURATION),
            ("/.well-known/oauth-authorization-server/auth", path::OAUTH_SERVER),
            (
                "/.well-known/oauth-authorization-server/other",
                "/.well-known/oauth-authorization-server/other",
            ),
            ("/auth/.well-known/oauth-authorization-server", path::OAUTH_SERVER),
            ("*", "*"),
            ("", ""),
        ] {
            assert_eq!(urls.within(path), within, "{path}");
        }
        assert_eq!(Urls::of("https://auth.example").within("/auth/authorize"), "/auth/authorize");
    }
}

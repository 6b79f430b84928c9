//! The words of OAuth 2 and OpenID Connect as types.

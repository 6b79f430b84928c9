//! A token request: one variant per `grant_type`.

use jeton_oauth::authorization::GrantType;
use jeton_oauth::{ErrorCode, Parameters};

use crate::one_time::OneTimeHash;
use crate::refusal::Refusal;

/// The parsed parameters of a token request. Those that every grant type may narrow (`scope`, `resource`,
/// `authorization_details`) are in the [`TokenCall`](super::TokenCall).
#[derive(Debug)]
pub(super) enum TokenRequest<'a> {
    AuthorizationCode(CodeRequest<'a>),
    RefreshToken { refresh_token: &'a str },
    ClientCredentials,
    DeviceCode { device_code: OneTimeHash },
    TokenExchange(ExchangeRequest<'a>),
    JwtBearer { assertion: &'a str },
}

/// An authorization code, and the proof that it belongs to the client (RFC 6749 §4.1.3, RFC 7636 §4.5).
#[derive(Debug)]
pub(super) struct CodeRequest<'a> {
    pub(super) code: OneTimeHash,
    pub(super) redirect_uri: Option<&'a str>,
    pub(super) code_verifier: Option<&'a str>,
}

/// Tokens to be exchanged (RFC 8693 §2.1).
#[derive(Debug)]
pub(super) struct ExchangeRequest<'a> {
    pub(super) subject: TypedToken<'a>,
    pub(super) actor: Option<TypedToken<'a>>,
}

/// A token, with its type as the client states it.
#[derive(Debug, Clone, Copy)]
pub(super) struct TypedToken<'a> {
    pub(super) token: &'a str,
    pub(super) kind: TokenKind,
}

/// The types of tokens that can be presented and issued (RFC 8693 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    AccessToken,
    IdToken,
}

pub(super) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

const fn invalid(description: &'static str) -> Refusal {
    Refusal::new(ErrorCode::InvalidRequest, description)
}

impl<'a> TokenRequest<'a> {
    /// Parses the parameters of a grant type; `None` if it is not supported.
    pub(super) fn read(grant_type: GrantType, parameters: &'a Parameters) -> Result<Option<Self>, Refusal> {
        let required = |name, missing| parameters.get(name).ok_or(invalid(missing));
        Ok(Some(match grant_type {
            GrantType::AuthorizationCode => Self::AuthorizationCode(CodeRequest {
                code: OneTimeHash::of(required("code", "code is missing")?),
                redirect_uri: parameters.get("redirect_uri"),
                code_verifier: parameters.get("code_verifier"),
            }),
            GrantType::RefreshToken => {
                Self::RefreshToken { refresh_token: required("refresh_token", "refresh_token is missing")? }
            }
            GrantType::ClientCredentials => Self::ClientCredentials,
            GrantType::DeviceCode => Self::DeviceCode {
                device_code: OneTimeHash::of(required("device_code", "device_code is missing")?),
            },
            GrantType::TokenExchange => Self::TokenExchange(ExchangeRequest::read(parameters)?),
            GrantType::JwtBearer => {
                Self::JwtBearer { assertion: required("assertion", "assertion is missing")? }
            }
            _ => return Ok(None),
        }))
    }
}

impl<'a> ExchangeRequest<'a> {
    fn read(parameters: &'a Parameters) -> Result<Self, Refusal> {
        if !matches!(parameters.get("requested_token_type"), None | Some(ACCESS_TOKEN | JWT)) {
            return Err(invalid("requested_token_type is not supported"));
        }
        let subject = parameters.get("subject_token").ok_or(invalid("subject_token is missing"))?;
        let actor = match parameters.get("actor_token") {
            Some(actor) => Some(TypedToken::read(actor, parameters.get("actor_token_type"))?),
            None if parameters.get("actor_token_type").is_some() => {
                return Err(invalid("actor_token_type without actor_token"));
            }
            None => None,
        };
        Ok(Self { subject: TypedToken::read(subject, parameters.get("subject_token_type"))?, actor })
    }
}

impl<'a> TypedToken<'a> {
    fn read(token: &'a str, kind: Option<&str>) -> Result<Self, Refusal> {
        let kind = match kind.ok_or(invalid("the type of a token is missing"))? {
            ACCESS_TOKEN | JWT => TokenKind::AccessToken,
            ID_TOKEN => TokenKind::IdToken,
            _ => return Err(invalid("the type of a token is not supported")),
        };
        Ok(Self { token, kind })
    }
}

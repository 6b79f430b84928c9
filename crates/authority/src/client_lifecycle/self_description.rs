//! SelfDescriptionRules for the metadata of clients that the operator did not add.

use jeton_oauth::authorization::{GrantType, ResponseType};
use jeton_oauth::client::{ApplicationType, ClientMetadata, SubjectType, TokenEndpointAuthMethod, Written};
use jeton_oauth::{ErrorCode, ErrorDescription, RedirectUri, RedirectUriError, Scope};
use serde_json::{Map, Value};

use crate::client::{
    ASSERTION_ALGORITHMS, REQUEST_OBJECT_ALGORITHMS, SIGNING_ALGORITHMS, display_names, names,
};
use crate::display_text::{DisplayNameError, check_display_name};
use crate::refusal::Refusal;
use crate::settings::{ClientSettings, ID_TOKEN_ALGORITHM};

/// The largest number of each: redirect URIs, post-logout redirect URIs, request URIs, contacts.
const MAX_ITEMS: usize = 32;
/// The longest text of a member, in bytes; a URI may be as long as a redirect URI.
const MAX_TEXT: usize = RedirectUri::MAX_LEN;
/// The largest metadata, in bytes of JSON. Most of it is for keys.
const MAX_DOCUMENT: usize = 16 * 1024;

const fn invalid(description: &'static str) -> Refusal {
    Refusal::new(ErrorCode::InvalidClientMetadata, description)
}

const fn invalid_redirect_uri(description: &'static str) -> Refusal {
    Refusal::new(ErrorCode::InvalidRedirectUri, description)
}

/// What clients that the operator did not add may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SelfDescriptionRules<'a> {
    /// The grant types. Others in a request are left out, as the response shows (RFC 7591 §2).
    grant_types: &'a [GrantType],
    /// The scope that it may request, which is also its default.
    scope: &'a Scope,
    /// The types of authorization details. Others are left out.
    details_types: &'a [String],
    /// The private-use schemes without a dot that redirect URIs may have.
    redirect_schemes: &'a [String],
    /// The available authentication methods with certificates.
    by_certificate: &'static [TokenEndpointAuthMethod],
    sectors: Sectors,
    plain_http: PlainHttp,
}

/// Whether a client may name its sector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sectors {
    /// It may not: nobody would check whether it belongs to it.
    Refused,
    /// It may: the caller checks.
    LookedAt,
}

impl<'a> SelfDescriptionRules<'a> {
    pub(crate) fn of(settings: &'a ClientSettings) -> Self {
        Self {
            grant_types: &settings.registration_grant_types,
            scope: &settings.registration_scope,
            details_types: &settings.registration_details_types,
            redirect_schemes: &settings.redirect_schemes,
            by_certificate: &[],
            sectors: Sectors::Refused,
            plain_http: PlainHttp::Refused,
        }
    }

    /// Allows plain http URLs to this machine for requests by the authority.
    pub(crate) fn with_plain_http(self) -> Self {
        Self { plain_http: PlainHttp::AtThisMachine, ..self }
    }

    /// Allows these authentication methods with certificates.
    pub(crate) fn by_certificate(self, by_certificate: &'static [TokenEndpointAuthMethod]) -> Self {
        Self { by_certificate, ..self }
    }

    /// Allows clients to name their sector. The caller must check that they belong to it.
    pub(crate) fn with_sectors(self) -> Self {
        Self { sectors: Sectors::LookedAt, ..self }
    }

    /// Validates metadata, and fills in defaults.
    pub(crate) fn check(self, mut members: Map<String, Value>) -> Result<ClientMetadata, Refusal> {
        leave_out_blanks(&mut members);
        check_software_statement(&members)?;
        check_redirect_uris(&members)?;
        self.leave_out_grants(&mut members)?;
        let metadata = read(members)?;
        self.check_schemes(&metadata)?;
        let metadata = self.filled_in(metadata.known_members_only())?;
        check_sizes(&metadata)?;
        self.check_authentication(&metadata)?;
        check_uris(&metadata, self.plain_http)?;
        self.check_sector(&metadata)?;
        check_algorithms(&metadata)?;
        Ok(metadata)
    }

    /// Leaves out unavailable grant and response types: libraries for OpenID Connect name everything that they might
    /// use.
    fn leave_out_grants(self, members: &mut Map<String, Value>) -> Result<(), Refusal> {
        if let Some(Value::Array(types)) = members.get_mut("grant_types") {
            types.retain(|name| {
                let known = name.as_str().and_then(GrantType::parse);
                known.is_some_and(|known| self.grant_types.contains(&known))
            });
            if types.is_empty() {
                return Err(invalid("none of the grant_types is allowed for registration"));
            }
        }
        if let Some(Value::Array(types)) = members.get_mut("response_types") {
            types.retain(|name| name.as_str().and_then(ResponseType::parse).is_some());
        }
        Ok(())
    }

    fn filled_in(self, mut metadata: ClientMetadata) -> Result<ClientMetadata, Refusal> {
        let grants = metadata.grant_types.get_or_insert_with(|| vec![GrantType::AuthorizationCode]);
        let uses_codes = grants.contains(&GrantType::AuthorizationCode);
        metadata.response_types = Some(if uses_codes { vec![ResponseType::Code] } else { vec![] });
        metadata.token_endpoint_auth_method = Some(metadata.auth_method());
        let native = metadata.redirect_uris.iter().any(RedirectUri::is_native);
        metadata.application_type.get_or_insert(if native {
            ApplicationType::Native
        } else {
            ApplicationType::Web
        });
        let scope = match &metadata.scope {
            None => self.scope.clone(),
            Some(asked) => {
                let kept = asked.retain(|token| self.scope.contains(token));
                if kept.is_empty() && !asked.is_empty() {
                    return Err(invalid("none of the requested scopes is allowed for registration"));
                }
                kept
            }
        };
        if scope.contains("openid") {
            metadata.id_token_signed_response_alg.get_or_insert_with(|| Written::of(ID_TOKEN_ALGORITHM));
        }
        metadata.scope = Some(scope);
        metadata.authorization_details_types.retain(|kind| self.details_types.contains(kind));
        Ok(metadata)
    }

    /// A self-registered app uses a private-use scheme based on its domain (RFC 8252 §7.1), or a scheme that the
    /// operator allows.
    fn check_schemes(self, metadata: &ClientMetadata) -> Result<(), Refusal> {
        let known = |uri: &RedirectUri| {
            let scheme = uri.scheme();
            uri.host().is_some()
                || scheme.contains('.')
                || self.redirect_schemes.iter().any(|own| own == scheme)
        };
        let unknown = metadata.redirect_uris.iter().find(|uri| !known(uri)).map(|uri| {
            invalid_redirect_uri("a redirect URI has a scheme without a dot that is not allowed")
                .because(format!("add {:?} to client.redirect_schemes to take it", uri.scheme()))
        });
        let unknown = unknown.or_else(|| {
            metadata.post_logout_redirect_uris.iter().find(|uri| !known(uri)).map(|uri| {
                invalid("a post_logout_redirect_uri has a scheme without a dot that is not allowed")
                    .because(format!("add {:?} to client.redirect_schemes to take it", uri.scheme()))
            })
        });
        unknown.map_or(Ok(()), Err)
    }

    fn check_authentication(self, metadata: &ClientMetadata) -> Result<(), Refusal> {
        use TokenEndpointAuthMethod as Method;
        let method = metadata.auth_method();
        let supported = matches!(
            method,
            Method::None
                | Method::ClientSecretBasic
                | Method::ClientSecretPost
                | Method::ClientSecretJwt
                | Method::PrivateKeyJwt
        );
        if supported || self.by_certificate.contains(&method) {
            Ok(())
        } else {
            Err(invalid("token_endpoint_auth_method is not allowed for registration"))
        }
    }

    /// A client may not choose the sector of its subjects without proof, because it would see those of others (OpenID
    /// Connect Core §8.1). The proof is a list at the URI, which is not fetched here.
    fn check_sector(self, metadata: &ClientMetadata) -> Result<(), Refusal> {
        match (&metadata.sector_identifier_uri, self.sectors) {
            (Some(_), Sectors::Refused) => Err(invalid("sector_identifier_uri is unavailable")),
            (Some(_), Sectors::LookedAt) if metadata.redirect_uris.is_empty() => {
                Err(invalid("sector_identifier_uri requires redirect_uris that it lists"))
            }
            // The list speaks of redirect URIs, so every grant has to go to one of them.
            (Some(_), Sectors::LookedAt) if !grants_go_to_redirect_uris(metadata) => {
                Err(invalid("sector_identifier_uri requires a grant type that uses redirect URIs"))
            }
            (Some(_), Sectors::LookedAt) => Ok(()),
            (None, _)
                if metadata.subject_type == Some(SubjectType::Pairwise)
                    && hosts(&metadata.redirect_uris).len() > 1 =>
            {
                Err(invalid(
                    "pairwise subjects with redirect URIs of several hosts need a sector_identifier_uri",
                ))
            }
            (None, _) => Ok(()),
        }
    }
}

/// Whether everything that it learns about users first goes to one of its redirect URIs.
fn grants_go_to_redirect_uris(metadata: &ClientMetadata) -> bool {
    metadata.grant_types.iter().flatten().all(|grant_type| {
        matches!(
            grant_type,
            GrantType::AuthorizationCode | GrantType::RefreshToken | GrantType::ClientCredentials
        )
    })
}

/// A member that is null counts as omitted (RFC 7592 §2.2). So does an empty string, which many libraries send for
/// unset values.
fn leave_out_blanks(members: &mut Map<String, Value>) {
    let is_blank = |value: &Value| value.is_null() || value.as_str() == Some("");
    members.retain(|_, value| !is_blank(value));
    for list in members.values_mut().filter_map(Value::as_array_mut) {
        list.retain(|value| !is_blank(value));
    }
}

/// Parses the members. If one cannot be parsed, the response names it, and the log says what is wrong with it.
fn read(members: Map<String, Value>) -> Result<ClientMetadata, Refusal> {
    let alone = |(name, value): (&String, &Value)| {
        let member = Map::from_iter([(name.clone(), value.clone())]);
        let read = serde_json::from_value::<ClientMetadata>(Value::Object(member));
        read.err().map(|error| unreadable(name, &error))
    };
    if let Some(refusal) = members.iter().find_map(alone) {
        return Err(refusal);
    }
    serde_json::from_value(Value::Object(members))
        .map_err(|error| invalid("the combination of members is invalid").because(error.to_string()))
}

/// `name` is a standard member: others are not read.
fn unreadable(name: &str, error: &serde_json::Error) -> Refusal {
    let text = format!("{name} is of the wrong type or has a value that is not supported");
    let description = ErrorDescription::parse(text).unwrap_or(
        const {
            ErrorDescription::from_static(
                "a member is of the wrong type or has a value that is not supported",
            )
        },
    );
    Refusal { description, ..invalid("a member of the client metadata is malformed") }
        .because(format!("{name}: {error}"))
}

/// No issuer's software statements are trusted here. A malformed statement has a different error code.
fn check_software_statement(members: &Map<String, Value>) -> Result<(), Refusal> {
    match members.get("software_statement") {
        None => Ok(()),
        Some(Value::String(text)) if jeton_jose::jwt::Unverified::parse(text).is_ok() => {
            Err(Refusal::new(ErrorCode::UnapprovedSoftwareStatement, "software statements are not supported"))
        }
        Some(_) => {
            Err(Refusal::new(ErrorCode::InvalidSoftwareStatement, "software_statement is not a signed JWT"))
        }
    }
}

/// Parsed before everything else, because they have a separate error code (RFC 7591 §3.2.2).
fn check_redirect_uris(members: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(uris) = members.get("redirect_uris") else { return Ok(()) };
    let uris = uris.as_array().ok_or(invalid_redirect_uri("redirect_uris is not a list"))?;
    if uris.len() > MAX_ITEMS {
        return Err(invalid_redirect_uri("redirect_uris has more than 32 entries"));
    }
    let parse = |uri: &Value| RedirectUri::parse(uri.as_str().unwrap_or_default());
    let parsed: Vec<_> = uris.iter().map(parse).collect::<Result<_, _>>().map_err(|error| {
        invalid_redirect_uri(match error {
            RedirectUriError::Fragment => "a redirect URI has a fragment",
            RedirectUriError::UserInformation => "a redirect URI contains user information",
            RedirectUriError::PlainHttp => "a redirect URI must use https unless its host is loopback",
            RedirectUriError::Scheme => "a redirect URI has a scheme that is not a private-use scheme",
            _ => "a redirect URI is not an absolute URI of printable ASCII",
        })
    })?;
    // A web application may be made on this machine: https alone is for the implicit grant, which there is not (OpenID Connect
    // Dynamic Client Registration §2).
    match members.get("application_type").and_then(Value::as_str) {
        Some("web") if parsed.iter().any(|uri| uri.host().is_none()) => Err(invalid_redirect_uri(
            "redirect URIs of a web application must use https, or http with a loopback host",
        )),
        _ => Ok(()),
    }
}

fn check_sizes(metadata: &ClientMetadata) -> Result<(), Refusal> {
    let length = serde_json::to_vec(metadata).map_or(usize::MAX, |json| json.len());
    if length > MAX_DOCUMENT {
        return Err(invalid("the client metadata is longer than 16 KiB"));
    }
    let lists = [
        (metadata.post_logout_redirect_uris.len(), "post_logout_redirect_uris has more than 32 entries"),
        (metadata.request_uris.len(), "request_uris has more than 32 entries"),
        (metadata.contacts.len(), "contacts has more than 32 entries"),
        (metadata.default_acr_values.len(), "default_acr_values has more than 32 entries"),
        (metadata.authorization_details_types.len(), "authorization_details_types has more than 32 entries"),
        (metadata.translations.len(), "more than 32 members are translations"),
    ];
    if let Some((_, too_much)) = lists.into_iter().find(|(length, _)| *length > MAX_ITEMS) {
        return Err(invalid(too_much));
    }
    display_names(metadata).try_for_each(|name| match check_display_name(name) {
        Ok(()) => Ok(()),
        Err(DisplayNameError::Blank) => Err(invalid("client_name is empty")),
        Err(DisplayNameError::TooLong { .. }) => Err(invalid("client_name has more than 100 characters")),
        Err(DisplayNameError::Hidden { .. }) => Err(invalid("client_name contains an invisible character")),
    })
}

/// Whether URLs that the authority fetches, or posts to, may be plain http on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PlainHttp {
    /// They may not: the authority would not connect to this machine.
    Refused,
    /// They may: the operator lets the authority connect to this machine, for development.
    AtThisMachine,
}

/// URLs for users may be on this machine, for development; URLs that the authority fetches only if it would connect to
/// it.
fn check_uris(metadata: &ClientMetadata, plain_http: PlainHttp) -> Result<(), Refusal> {
    let shown = [
        (&metadata.client_uri, "client_uri must use https, or http with a loopback host"),
        (&metadata.logo_uri, "logo_uri must use https, or http with a loopback host"),
        (&metadata.tos_uri, "tos_uri must use https, or http with a loopback host"),
        (&metadata.policy_uri, "policy_uri must use https, or http with a loopback host"),
        (&metadata.initiate_login_uri, "initiate_login_uri must use https, or http with a loopback host"),
    ];
    let fetched = [
        (
            &metadata.jwks_uri,
            "jwks_uri must use https",
            "jwks_uri must use https, or http with a loopback host",
        ),
        (
            &metadata.sector_identifier_uri,
            "sector_identifier_uri must use https",
            "sector_identifier_uri must use https, or http with a loopback host",
        ),
        (
            &metadata.backchannel_logout_uri,
            "backchannel_logout_uri must use https",
            "backchannel_logout_uri must use https, or http with a loopback host",
        ),
    ];
    let fetched = fetched.map(|(uri, strict, plain)| match plain_http {
        PlainHttp::Refused => (uri, strict, is_https as fn(&str) -> bool),
        PlainHttp::AtThisMachine => (uri, plain, is_page as fn(&str) -> bool),
    });
    let shown = shown.map(|(uri, wrong)| (uri, wrong, is_page as fn(&str) -> bool));
    let mut all = shown.into_iter().chain(fetched);
    if let Some((uri, wrong, _)) = all.find(|(uri, _, good)| uri.as_deref().is_some_and(|uri| !good(uri))) {
        let refusal = invalid(wrong);
        let is_local = plain_http == PlainHttp::Refused
            && uri.as_deref().is_some_and(|uri| uri.starts_with("http://") && is_page(uri));
        return Err(if is_local { refusal.because(LOOPBACK) } else { refusal });
    }
    let mut request_uris = metadata.request_uris.iter().map(|uri| uri.split('#').next().unwrap_or_default());
    if !request_uris.all(is_https) {
        return Err(invalid("each of request_uris must use https"));
    }
    Ok(())
}

/// What the log says when an application on this machine registers itself.
const LOOPBACK: &str =
    "it is http at this machine, which the authority asks only with `fetch.allow = \"loopback\"`";

fn is_page(uri: &str) -> bool {
    let uri = uri.split('#').next().unwrap_or_default();
    uri.len() <= MAX_TEXT && RedirectUri::parse(uri).is_ok_and(|uri| uri.host().is_some())
}

fn is_https(uri: &str) -> bool {
    is_page(uri) && uri.starts_with("https://")
}

fn check_algorithms(metadata: &ClientMetadata) -> Result<(), Refusal> {
    let named: [(_, &[&str], _); 6] = [
        (
            &metadata.id_token_signed_response_alg,
            &SIGNING_ALGORITHMS,
            "id_token_signed_response_alg is not supported",
        ),
        (
            &metadata.userinfo_signed_response_alg,
            &SIGNING_ALGORITHMS,
            "userinfo_signed_response_alg is not supported",
        ),
        (
            &metadata.authorization_signed_response_alg,
            &SIGNING_ALGORITHMS,
            "authorization_signed_response_alg is not supported",
        ),
        (
            &metadata.introspection_signed_response_alg,
            &SIGNING_ALGORITHMS,
            "introspection_signed_response_alg is not supported",
        ),
        (
            &metadata.token_endpoint_auth_signing_alg,
            &ASSERTION_ALGORITHMS,
            "token_endpoint_auth_signing_alg is not supported",
        ),
        (
            &metadata.request_object_signing_alg,
            &REQUEST_OBJECT_ALGORITHMS,
            "request_object_signing_alg is not supported",
        ),
    ];
    let refused = named.into_iter().find_map(|(name, supported, wrong)| {
        let name = name.as_ref().filter(|name| !names(supported, name))?;
        Some(invalid(wrong).because(format!("{:?} is none of {supported:?}", name.as_str())))
    });
    // What is encrypted, and with what, is checked with the client itself.
    refused.map_or(Ok(()), Err)
}

/// The hosts of redirect URIs.
fn hosts(uris: &[RedirectUri]) -> std::collections::BTreeSet<&str> {
    uris.iter().map(|uri| uri.host().unwrap_or(uri.origin())).collect()
}

//! A native application without a secret on the crate openidconnect: discovery, code with PKCE, ID token, userinfo, refresh,
//! sign-out.

mod said;

use std::env;

use anyhow::{Context, Result, bail, ensure};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreProviderMetadata, CoreTokenResponse,
    CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PostLogoutRedirectUrl,
    ProviderMetadataWithLogout, RedirectUrl, RequestTokenError, Scope, SubjectIdentifier, TokenResponse,
};

use said::{http, step, visit};

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

fn main() {
    // What failed has been said.
    if run().is_err() {
        std::process::exit(1);
    }
}

fn run() -> Result<()> {
    let (issuer, port) = (env::var("ISSUER")?, env::var("PORT")?.parse()?);
    let site = format!("http://127.0.0.1:{port}");
    let (client, metadata) = step("it discovers the authority", || discover(&issuer, &site))?;
    let (tokens, id_token, subject) =
        step("it signs in with a code and PKCE, and the ID token is valid", || sign_in(&client, port))?;
    step("userinfo names the person whom the ID token names", || {
        let person: CoreUserInfoClaims =
            client.user_info(tokens.access_token().clone(), Some(subject.clone()))?.request(&http)?;
        let name = person.preferred_username().context("no preferred_username")?;
        ensure!(name.as_str() == env::var("USERNAME")?, "it names {}", name.as_str());
        Ok(())
    })?;
    let refresh_token = tokens.refresh_token().context("no refresh token")?;
    let refreshed = step("it refreshes, and the new tokens are the same person's", || {
        let refreshed = client.exchange_refresh_token(refresh_token)?.request(&http)?;
        ensure!(refreshed.access_token().secret() != tokens.access_token().secret(), "the same access token");
        // A person of another name would be refused.
        let _: CoreUserInfoClaims =
            client.user_info(refreshed.access_token().clone(), Some(subject.clone()))?.request(&http)?;
        Ok(refreshed)
    })?;
    step("it signs out, and the person comes back", || sign_out(&metadata, &id_token, port))?;
    step("after that a refresh is refused", || {
        let refresh_token = refreshed.refresh_token().unwrap_or(refresh_token);
        match client.exchange_refresh_token(refresh_token)?.request(&http) {
            Err(RequestTokenError::ServerResponse(answer)) if answer.error().as_ref() == "invalid_grant" => {
                Ok(())
            }
            Err(other) => Err(other.into()),
            Ok(_) => bail!("it went through"),
        }
    })
}

fn discover(issuer: &str, site: &str) -> Result<(Client, ProviderMetadataWithLogout)> {
    let issuer = IssuerUrl::new(issuer.to_owned())?;
    let metadata = CoreProviderMetadata::discover(&issuer, &http)?;
    let with_logout = ProviderMetadataWithLogout::discover(&issuer, &http)?;
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new(env::var("CLIENT_ID")?), None)
        .set_redirect_uri(RedirectUrl::new(format!("{site}/callback"))?);
    Ok((client, with_logout))
}

fn sign_in(client: &Client, port: u16) -> Result<(CoreTokenResponse, CoreIdToken, SubjectIdentifier)> {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (link, state, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("profile".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let back = visit(&link, port)?;
    ensure!(back.parameter("state").as_deref() == Some(state.secret()), "another state");
    let code = AuthorizationCode::new(back.parameter("code").context("no code")?);
    let tokens = client.exchange_code(code)?.set_pkce_verifier(verifier).request(&http)?;
    let id_token = tokens.id_token().context("no ID token")?.clone();
    let id_token_verifier = client.id_token_verifier();
    let claims = id_token.claims(&id_token_verifier, &nonce)?;
    let digest = AccessTokenHash::from_token(
        tokens.access_token(),
        id_token.signing_alg()?,
        id_token.signing_key(&id_token_verifier)?,
    )?;
    ensure!(claims.access_token_hash() == Some(&digest), "at_hash is another access token's");
    let subject = claims.subject().clone();
    Ok((tokens, id_token, subject))
}

fn sign_out(metadata: &ProviderMetadataWithLogout, id_token: &CoreIdToken, port: u16) -> Result<()> {
    let endpoint =
        metadata.additional_metadata().end_session_endpoint.clone().context("no end_session_endpoint")?;
    let state = CsrfToken::new_random();
    let link = LogoutRequest::from(endpoint)
        .set_id_token_hint(id_token)
        .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(format!("http://127.0.0.1:{port}/bye"))?)
        .set_state(state.clone())
        .http_get_url();
    let back = visit(&link, port)?;
    ensure!(back.path() == "/bye", "they came to {}", back.path());
    ensure!(back.parameter("state").as_deref() == Some(state.secret()), "another state");
    Ok(())
}

"""A web application that proves who it is with a key of its own, on Authlib's requests session: discovery, code with a nonce,
private_key_jwt, ID token, userinfo, refresh, introspection, revocation, sign-out."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

from authlib.common.security import generate_token
from authlib.common.urls import add_params_to_uri
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc8414 import get_well_known_url
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

ISSUER, CLIENT_ID, PORT = os.environ["ISSUER"], os.environ["CLIENT_ID"], int(os.environ["PORT"])
SITE = f"http://127.0.0.1:{PORT}"


def say(**event):
    print(json.dumps(event), flush=True)


def step(sentence):
    """Carries out the function below it and says how it ended. The first that fails ends the program."""

    def carry_out(act):
        try:
            value = act()
        except Exception as error:
            say(failed={"step": sentence, "why": f"{type(error).__name__}: {error}"})
            sys.exit(1)
        say(done=sentence)
        return value

    return carry_out


def visit(url):
    """Sends the person to an address and answers the one here that they come back to."""
    back = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            back.append(SITE + self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"Back at the application.")

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", PORT), Handler) as server:
        say(visit=url)
        server.handle_request()
    return back[0]


def show(response, *_, **__):
    body = "" if response.ok else f" {response.text}"
    say(exchange=f"{response.request.method} {response.url}: {response.status_code}{body}")


with open(os.environ["CLIENT_KEY"], encoding="utf-8") as file:
    key = ECKey.import_key(json.load(file))
session = OAuth2Session(
    CLIENT_ID,
    key,
    token_endpoint_auth_method="private_key_jwt",
    revocation_endpoint_auth_method="private_key_jwt",
    scope="openid profile",
    redirect_uri=f"{SITE}/callback",
)
session.register_client_auth_method(PrivateKeyJWT(alg="ES256", headers={"kid": key.kid}))
session.hooks["response"].append(show)


@step("it discovers the authority")
def metadata():
    found = session.get(get_well_known_url(ISSUER, external=True, suffix="openid-configuration"), withhold_token=True).json()
    assert found["issuer"] == ISSUER, found["issuer"]
    return found


@step("it signs in with a code, a nonce and private_key_jwt")
def nonce():
    own_nonce = generate_token(20)
    url, state = session.create_authorization_url(metadata["authorization_endpoint"], nonce=own_nonce)
    session.fetch_token(metadata["token_endpoint"], authorization_response=visit(url), state=state)
    return own_nonce


@step("the ID token is signed with RS256, with its nonce, the digest of the access token and the person's name")
def claims():
    keys = KeySet.import_key_set(session.get(metadata["jwks_uri"], withhold_token=True).json())
    token = jwt.decode(session.token["id_token"], keys, algorithms=["RS256"])
    found = CodeIDToken(
        token.claims,
        token.header,
        {"iss": {"values": [ISSUER]}, "aud": {"essential": True, "value": CLIENT_ID}, "at_hash": {"essential": True}},
        {"nonce": nonce, "client_id": CLIENT_ID, "access_token": session.token["access_token"]},
    )
    found.validate()
    assert found["preferred_username"] == os.environ["USERNAME"], found
    return found


@step("userinfo names the person whom the ID token names")
def _():
    person = session.get(metadata["userinfo_endpoint"]).json()
    assert (person["sub"], person["preferred_username"]) == (claims["sub"], os.environ["USERNAME"]), person


@step("it refreshes, and the new tokens are the same person's")
def _():
    before = session.token["access_token"]
    session.refresh_token(metadata["token_endpoint"])
    assert session.token["access_token"] != before
    assert session.get(metadata["userinfo_endpoint"]).json()["sub"] == claims["sub"]


@step("introspection calls the access token active")
def _():
    found = session.introspect_token(metadata["introspection_endpoint"], session.token["access_token"]).json()
    assert found["active"] and found["sub"] == claims["sub"], found


@step("revoking the refresh token ends its access token too")
def _():
    answer = session.revoke_token(metadata["revocation_endpoint"], session.token["refresh_token"])
    assert answer.status_code == 200, answer.status_code
    found = session.introspect_token(metadata["introspection_endpoint"], session.token["access_token"]).json()
    assert found == {"active": False}, found


@step("a refresh with it is refused")
def _():
    try:
        session.refresh_token(metadata["token_endpoint"])
    except OAuthError as error:
        assert error.error == "invalid_grant", error.error
    else:
        raise AssertionError("it went through")


@step("it signs out, and the person comes back")
def _():
    state = generate_token(20)
    wish = {"id_token_hint": session.token["id_token"], "post_logout_redirect_uri": f"{SITE}/bye", "state": state}
    back = urlsplit(visit(add_params_to_uri(metadata["end_session_endpoint"], wish)))
    assert (back.path, parse_qs(back.query)) == ("/bye", {"state": [state]}), back

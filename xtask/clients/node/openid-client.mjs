// A web application with a secret, on npm's openid-client: discovery, code with PKCE, userinfo, refresh, sign-out.
import assert from "node:assert/strict";
import * as client from "openid-client";
import { shownFetch, step, visit } from "./said.mjs";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, PORT, USERNAME } = process.env;
const site = `http://127.0.0.1:${PORT}`;

const config = await step("it discovers the authority", () =>
  client.discovery(new URL(ISSUER), CLIENT_ID, undefined, client.ClientSecretBasic(CLIENT_SECRET), {
    execute: [client.allowInsecureRequests],
    [client.customFetch]: shownFetch,
  }),
);

let tokens = await step("it signs in with a code, PKCE, client_secret_basic and an ID token", async () => {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const link = client.buildAuthorizationUrl(config, {
    redirect_uri: `${site}/callback`,
    scope: "openid profile",
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
  });
  const callback = await visit(link, PORT);
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  return client.authorizationCodeGrant(config, callback, checks);
});
const { sub } = tokens.claims();

await step("the ID token says the person's name", async () => {
  assert.equal(tokens.claims().preferred_username, USERNAME);
});

await step("userinfo names the person whom the ID token names", async () => {
  const person = await client.fetchUserInfo(config, tokens.access_token, sub);
  assert.equal(person.preferred_username, USERNAME);
});

const idToken = tokens.id_token;
await step("it refreshes, and the new tokens are the same person's", async () => {
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(refreshed.access_token, tokens.access_token);
  assert.equal((await client.fetchUserInfo(config, refreshed.access_token, sub)).sub, sub);
  tokens = refreshed;
});

await step("introspection calls the access token active", async () => {
  const found = await client.tokenIntrospection(config, tokens.access_token);
  assert.equal(found.active, true);
  assert.equal(found.sub, sub);
});

await step("it signs out, and the person comes back", async () => {
  const state = client.randomState();
  const link = client.buildEndSessionUrl(config, {
    id_token_hint: idToken,
    post_logout_redirect_uri: `${site}/bye`,
    state,
  });
  const back = await visit(link, PORT);
  assert.equal(back.pathname, "/bye");
  assert.equal(back.searchParams.get("state"), state);
});

await step("after that a refresh is refused", () =>
  assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: "invalid_grant" }),
);

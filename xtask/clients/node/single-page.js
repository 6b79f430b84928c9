// A single-page application without a secret, on npm's oidc-client-ts: code with PKCE, userinfo, refresh and sign-out, all
// across origins.
const { issuer, clientId } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const settings = JSON.parse(sessionStorage.getItem("settings") ?? "null") ?? { issuer, clientId };
sessionStorage.setItem("settings", JSON.stringify(settings));

const manager = new oidc.UserManager({
  authority: settings.issuer,
  client_id: settings.clientId,
  redirect_uri: `${location.origin}/callback`,
  post_logout_redirect_uri: `${location.origin}/bye`,
  scope: "openid profile",
  loadUserInfo: true,
  automaticSilentRenew: false,
});

const show = (id, text) => {
  document.getElementById(id).value = text;
};

/** What a button does. What goes wrong is shown. */
const on = (id, act) =>
  document.getElementById(id).addEventListener("click", () => act().catch((error) => show("last", String(error))));

on("sign-in", () => manager.signinRedirect());

on("refresh", async () => {
  const before = await manager.getUser();
  const user = await manager.signinSilent();
  const changed = user.access_token !== before.access_token && user.profile.sub === before.profile.sub;
  show("last", changed ? "refreshed" : "the same tokens as before");
});

on("sign-out", async () => {
  const user = await manager.getUser();
  sessionStorage.setItem("spent", user.refresh_token);
  await manager.signoutRedirect();
});

on("refresh-again", async () => {
  const { token_endpoint: endpoint } = await manager.metadataService.getMetadata();
  const refresh = { grant_type: "refresh_token", client_id: settings.clientId, refresh_token: sessionStorage.getItem("spent") };
  const answer = await fetch(endpoint, { method: "POST", body: new URLSearchParams(refresh) });
  show("last", `${answer.status} ${(await answer.json()).error}`);
});

async function load() {
  if (location.pathname === "/callback") {
    const user = await manager.signinRedirectCallback();
    show("person", user.profile.preferred_username);
    return "signed in";
  }
  if (location.pathname === "/bye") {
    await manager.signoutRedirectCallback();
    return (await manager.getUser()) ? "still signed in" : "signed out";
  }
  return "ready";
}

load().then(
  (text) => show("last", text),
  (error) => show("last", String(error)),
);

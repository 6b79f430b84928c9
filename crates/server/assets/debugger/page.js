// The page: what is typed, and what follows from it. Nothing here is stored, and nothing is sent but two requests for this issuer's
// own metadata and keys.
import { Unable } from "./encoding.js";
import { pretty } from "./json.js";
import { keysIn } from "./keys.js";
import { tokenIn } from "./pasted.js";
import { readToken } from "./read.js";
import { inspect, verdictOf } from "./inspect.js";
import { isProof } from "./proof.js";
import { ALGORITHMS, keyFor, makeToken, shared, withMember } from "./making.js";
import { DEFAULT_LEEWAY, MAX_LEEWAY } from "./checks.js";
import { byId, code, copyButton, h } from "./elements.js";
import { comparison, report } from "./report.js";
import { clock, fromNow } from "./times.js";

const served = location.protocol.startsWith("http");
const radio = (name) => document.querySelector(`input[name="${name}"]:checked`).value;
const ISSUER_LIFETIME = 60;
let issuer = null;
let askedAt = 0;

/** This issuer's name and keys, asked for at most once a minute, for keys are rotated. */
function loadIssuer() {
  if (clock() - askedAt > ISSUER_LIFETIME) issuer = null;
  if (!issuer) askedAt = clock();
  issuer ??= askIssuer().catch((error) => {
    issuer = null;
    throw error;
  });
  return issuer;
}

async function askIssuer() {
  const ask = async (url) => {
    const answer = await fetch(url, { credentials: "omit", cache: "no-cache", redirect: "error" }).catch(() => null);
    if (!answer?.ok) throw new Unable(`This issuer's ${url.pathname.split("/").at(-1)} is unavailable${answer ? ` (status ${answer.status})` : ""}.`);
    return answer.text();
  };
  const metadata = JSON.parse(await ask(new URL(".well-known/openid-configuration", location.href)));
  const at = new URL(metadata.jwks_uri);
  if (at.origin !== location.origin) throw new Unable(`This page is open at ${location.origin}, but the issuer is ${metadata.issuer}. Open the debugger there.`);
  return { issuer: metadata.issuer, keys: await keysIn(await ask(at)) };
}

function settings() {
  const value = (id) => byId(id).value;
  const leeway = Number(value("leeway"));
  return {
    against: radio("against"),
    keys: value("keys"),
    secret: value("secret"),
    secretEncoding: value("secret-encoding"),
    loadIssuer,
    issuer: value("issuer").trim(),
    audience: value("audience").trim(),
    typ: value("typ").trim(),
    leeway: Number.isFinite(leeway) ? Math.min(Math.max(leeway, 0), MAX_LEEWAY) : DEFAULT_LEEWAY,
    decryptionKey: value("decryption-key"),
    decryptionEncoding: value("decryption-encoding"),
    method: value("method").trim(),
    url: value("url").trim(),
    accessToken: value("access-token"),
    nonce: value("nonce").trim(),
    bindingAudience: value("binding-audience").trim(),
    bindingNonce: value("binding-nonce").trim(),
    now: timeOfCheck(value("time").trim()),
  };
}

/** The clock's time, or the one that was entered. */
function timeOfCheck(text) {
  const entered = /^\d+$/.test(text) ? Number(text) : Math.floor(Date.parse(text) / 1000);
  const usable = text !== "" && Number.isFinite(entered);
  byId("time-problem").textContent = text === "" || usable ? "" : "This is not a date; the clock's time is used.";
  byId("time").setAttribute("aria-invalid", text !== "" && !usable);
  return usable ? entered : clock();
}

/** Shows only the fields that matter for this token. */
function showFields(token) {
  const against = radio("against");
  for (const name of ["keys", "secret"]) byId(`with-${name}`).hidden = against !== name;
  byId("with-issuer").hidden = against === "issuer";
  byId("decryption").hidden = token?.form !== "JWE";
  byId("proof").hidden = !(token && isProof(token));
  byId("binding").hidden = !token?.binding;
}

let latest = 0;
let refresh = 0;

/** Inspects what is in the fields. A newer inspection makes an older one void. */
async function show() {
  const turn = ++latest;
  const pasted = byId("token").value;
  const { text, taken } = tokenIn(pasted);
  byId("taken").textContent = taken.length ? `Removed: ${taken.join("; ")}.` : "";
  byId("empty").hidden = text !== "";
  if (!text) {
    showFields(null);
    return put({ state: "", title: "", words: "" }, []);
  }
  try {
    showFields(readToken(text));
    const found = await inspect(text, settings());
    if (turn !== latest) return;
    byId("against-problem").textContent = found.keyFlaw?.message ?? "";
    for (const id of ["keys", "secret"]) byId(id).setAttribute("aria-invalid", found.keyFlaw !== null);
    put(verdictOf(found), report(found));
    watch(found);
  } catch (error) {
    if (turn !== latest) return;
    showFields(null);
    byId("against-problem").textContent = "";
    put({ state: "bad", title: "Not a token", words: error.message, code: error.code }, []);
  }
}

function put(verdict, content) {
  const place = byId("verdict");
  place.className = `verdict ${verdict.state}`;
  const parts = verdict.title ? [h("h2", {}, verdict.title), h("p", {}, verdict.words), verdict.code ? h("p", { class: "code" }, code(verdict.code)) : null, comparison(verdict)] : [];
  place.replaceChildren(...parts.filter(Boolean));
  byId("report").replaceChildren(...[content].flat(Infinity).filter(Boolean));
}

/** Inspects again when a time of the token comes, since the verdict changes then. */
function watch({ layers, now }) {
  clearTimeout(refresh);
  if (byId("time").value.trim()) return;
  const { leeway } = settings();
  const times = layers.flatMap(({ token }) => ["exp", "nbf", "iat"].flatMap((name) => {
    const at = token.content?.members?.[name];
    return typeof at === "number" ? [at - leeway, at, at + leeway] : [];
  }));
  const next = Math.min(...times.filter((at) => at >= now));
  if (next - now < 86400) refresh = setTimeout(show, (next - now + 1) * 1000);
}

function tick() {
  for (const time of document.querySelectorAll("[data-time]")) time.textContent = fromNow(Number(time.dataset.time), clock());
}

/** Tabs, with the keys that people expect of tabs. */
function openTab(name, focus) {
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const chosen = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", chosen);
    tab.tabIndex = chosen ? 0 : -1;
    byId(tab.getAttribute("aria-controls")).hidden = !chosen;
    if (chosen && focus) tab.focus();
  }
  if (name === "make") prepareMaking();
}

const claimsText = () => byId("make-claims");

function setClaim(name, value) {
  attempt(() => (claimsText().value = pretty(withMember(claimsText().value, name, value))));
}

/** Does something in the making of a token, and says what hinders it. */
async function attempt(action) {
  byId("make-problem").textContent = "";
  try {
    await action();
  } catch (error) {
    byId("make-problem").textContent = error.message;
    byId("make-state").textContent = "";
  }
}

async function chooseKey(fresh) {
  const alg = byId("make-alg").value;
  byId("make-state").textContent = "Making a key…";
  const jwk = await keyFor(alg, fresh);
  const typ = byId("make-header").value ? {} : { typ: "at+jwt" };
  let text = byId("make-header").value || pretty({ object: [] });
  for (const [name, value] of Object.entries({ alg, ...typ, kid: jwk.kid })) text = pretty(withMember(text, name, value));
  byId("make-header").value = text;
  const show = (id, value) => (byId(id).textContent = JSON.stringify(value, null, 2));
  show("make-jwk", shared(jwk));
  show("make-set", { keys: [shared(jwk)] });
  byId("make-key-words").textContent = jwk.kty === "oct" ? "The shared secret: whoever verifies must have it" : "The public key";
  byId("make-state").textContent = "";
}

async function makeIt() {
  const token = await makeToken(byId("make-alg").value, byId("make-header").value, claimsText().value);
  byId("made-token").textContent = token;
  byId("made").hidden = false;
  byId("make-state").textContent = "Signed.";
}

async function inspectMade() {
  const jwk = await keyFor(byId("make-alg").value);
  const secret = jwk.kty === "oct";
  document.querySelector("#inspect form").reset();
  byId(secret ? "against-secret" : "against-keys").checked = true;
  if (secret) byId("secret-encoding").value = "base64url";
  byId(secret ? "secret" : "keys").value = secret ? jwk.k : byId("make-set").textContent;
  byId("token").value = byId("made-token").textContent;
  openTab("inspect");
  await show();
  byId("verdict").focus();
}

function begin() {
  byId("app").hidden = false;
  byId(served ? "against-issuer" : "against-keys").checked = true;
  byId("against-issuer").disabled = !served;
  byId("saved").hidden = served;
  byId("save").hidden = !served;
  byId("insecure").hidden = Boolean(crypto.subtle);
  let typing = 0;
  byId("inspect").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(show, 120);
  });
  byId("app").addEventListener("submit", (event) => event.preventDefault());
  byId("clear").addEventListener("click", () => {
    byId("token").value = "";
    show();
    byId("token").focus();
  });
  const tabs = [...document.querySelectorAll("[role=tab]")];
  tabs.forEach((tab, at) => {
    const name = tab.id.slice(4);
    tab.addEventListener("click", () => openTab(name));
    tab.addEventListener("keydown", ({ key }) => {
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[key];
      if (to !== undefined) openTab(tabs.at(to % tabs.length).id.slice(4), true);
    });
  });
  byId("try").addEventListener("click", () => openTab("make", true));
  byId("make-alg").replaceChildren(...ALGORITHMS.map((alg) => h("option", {}, alg)));
  byId("make-alg").addEventListener("change", () => attempt(() => chooseKey(false)));
  byId("make-fresh").addEventListener("click", () => attempt(() => chooseKey(true)));
  byId("make-sign").addEventListener("click", () => attempt(makeIt));
  byId("make-inspect").addEventListener("click", () => attempt(inspectMade));
  for (const button of document.querySelectorAll("[data-claim]")) {
    button.addEventListener("click", () => setClaim(button.dataset.claim, clock() + Number(button.dataset.after)));
  }
  for (const id of ["make-jwk", "make-set", "made-token"]) byId(id).previousElementSibling.append(copyButton("it", () => byId(id).textContent));
  setInterval(tick, 5000);
  show();
}

/** Fills the fields for making a token when they are first seen. */
function prepareMaking() {
  if (byId("make-header").value) return;
  const now = clock();
  claimsText().value = JSON.stringify({ iss: "https://issuer.example", sub: "ada", aud: "https://api.example", scope: "read", iat: now, exp: now + 300 }, null, 2);
  attempt(() => chooseKey(false));
}

begin();

// The verdict: what a verifier checks, one after the other, with what was found and what was wanted.
import { Flaw, Unable } from "./encoding.js";
import { SIGNING, candidates, canonical, isPrivate } from "./keys.js";
import { member } from "./json.js";
import { shortType } from "./meanings.js";
import { verify } from "./signatures.js";
import { fromNow, isDate, span, utc } from "./times.js";

export const DEFAULT_LEEWAY = 30;
export const MAX_LEEWAY = 600;
const MAX_TRIES = 16;
const MAX_KID = 256;
/** What `crit` must not name (RFC 7515 §4.1.11). */
const REGISTERED = ["alg", "enc", "zip", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c"];

/** The checks of one token, in the order in which a verifier makes them. */
export class Checks {
  list = [];

  add(state, name, words, more = {}) {
    this.list.push({ state, name, words, ...more });
  }
  pass(name, words, more) {
    this.add("pass", name, words, more);
  }
  /** It was not asked for, or there is nothing to check. */
  skip(name, words) {
    this.add("skip", name, words);
  }
  /** A verifier may think otherwise. */
  warn(name, words, more) {
    this.add("warn", name, words, more);
  }
  /** What cannot be found out is no reason to refuse the token. */
  refuse(name, flaw) {
    const { code, found, wanted, message } = flaw;
    this.add(flaw instanceof Unable ? "warn" : "fail", name, message, { code, found, wanted });
  }
  /** The first reason to refuse the token. */
  get refusal() {
    return this.list.find(({ state }) => state === "fail");
  }
  has(name) {
    return this.list.some((check) => check.name === name && check.state !== "skip");
  }
}

export const mismatch = (code, message, found, wanted) => Object.assign(new Flaw(code, message), { found, wanted });

/** Checks one signature of a token with these keys: `keys` are nothing when there are none to check with. */
export async function checkSignature(checks, token, signature, keys, wanted) {
  const { members, header } = signature;
  for (const flaw of token.flaws) checks.refuse("Form", flaw);
  if (!token.flaws.length) checks.pass("Form", token.json ? "a JSON serialization (RFC 7515 §7.2)" : "three parts in base64url, a header in strict JSON");
  if (token.json && wanted.jwt) checks.warn("Form", "JWTs are compact: verifiers of JWTs refuse the JSON serializations.", { code: "token_malformed" });
  if (!header.node) {
    if (!token.flaws.length) checks.refuse("Header", new Flaw("header_malformed", "There is no protected header, so anyone may have changed alg."));
    return;
  }
  const named = { ...header.members, kid: members.kid };
  checkHeader(checks, token, named, header.node);
  checkType(checks, named, wanted.typ);
  if (!SIGNING.includes(canonical(named.alg))) return;
  if (!keys) {
    checks.skip("Key", "No key was given, so nobody knows who made the token.");
    return;
  }
  await checkKey(checks, token, { ...signature, members: named }, keys);
}

function checkHeader(checks, token, members, node) {
  const alg = canonical(members.alg);
  for (const name of ["alg", "kid", "typ", "cty"]) {
    const value = member(node, name);
    if (value && value.string === undefined) checks.refuse("Header", new Flaw("header_malformed", `The header member ${name} is not a string.`));
  }
  if (members.kid?.length > MAX_KID) checks.refuse("Header", new Flaw("header_malformed", `The kid is longer than ${MAX_KID} bytes.`));
  checkCritical(checks, members, node, token.json);
  if (members.alg === undefined) {
    checks.refuse("Algorithm", new Flaw("header_malformed", "The header has no alg."));
  } else if (members.alg === "none") {
    checks.refuse("Algorithm", mismatch("algorithm_not_allowed", "The token is not signed at all: alg is “none”, which is never allowed.", "none", "a signature"));
  } else if (!SIGNING.includes(alg)) {
    checks.refuse("Algorithm", mismatch("algorithm_not_allowed", "This algorithm for signatures is not known.", String(members.alg), SIGNING.join(", ")));
  }
}

function checkCritical(checks, { crit, b64 }, node, json) {
  const noJwt = b64 !== undefined && !json && new Flaw("header_malformed", "A JWT must not have b64 in its header (RFC 7797 §7).");
  if (crit === undefined && noJwt) return checks.refuse("Critical", noJwt);
  if (crit === undefined) return checks.skip("Critical", "The header has no crit.");
  const sound = Array.isArray(crit) && crit.length && new Set(crit).size === crit.length;
  if (!sound || crit.some((name) => typeof name !== "string" || REGISTERED.includes(name) || !member(node, name))) {
    return checks.refuse("Critical", new Flaw("critical_header_malformed", "crit is empty, repeats a name, or names a registered or absent member."));
  }
  const unknown = crit.find((name) => !(json && name === "b64"));
  if (unknown) return checks.refuse("Critical", mismatch("critical_header_unknown", "crit names an extension that verifiers do not know unless their code says so.", unknown, "nothing unknown"));
  checks.pass("Critical", "Every extension that crit names is known.");
}

function checkType(checks, { typ }, wanted) {
  if (!wanted) return checks.skip("Type", typ === undefined ? "The token has no typ, and no expected type is set." : `typ is “${typ}”; no expected type is set.`);
  const plain = shortType(wanted) === "jwt";
  if (typ === undefined ? plain : shortType(typ) === shortType(wanted)) return checks.pass("Type", typ === undefined ? "No typ, as an untyped JWT." : `“${typ}”`);
  checks.refuse("Type", mismatch("type_mismatch", "This is a token of another type.", typ ?? "no typ", plain ? "JWT, or none" : wanted));
}

async function checkKey(checks, token, { members, bytes, input }, keys) {
  const alg = canonical(members.alg);
  let found;
  try {
    found = candidates(keys, alg, members.kid);
  } catch (flaw) {
    const isAlgorithm = flaw.code === "algorithm_not_allowed";
    if (!isAlgorithm) checks.pass("Algorithm", `${members.alg}, which these keys allow`);
    return checks.refuse(isAlgorithm ? "Algorithm" : "Key", flaw);
  }
  checks.pass("Algorithm", `${members.alg}, which ${found.length > 1 ? "these keys allow" : "the key allows"}`);
  const detached = token.detached ? " Or its payload is detached: then it cannot be checked here." : "";
  let outcome = new Flaw("signature_invalid", `The signature is wrong: the token was changed, or signed with another key.${detached}`);
  let match = null;
  for (const key of found.slice(0, MAX_TRIES)) {
    try {
      if (await verify(key.jwk, alg, input, bytes ?? new Uint8Array())) match ??= key;
    } catch (error) {
      outcome = error instanceof Flaw ? error : new Flaw("key_inconsistent", `The browser cannot use the key: ${error.message}`);
    }
  }
  const key = match ?? found[0];
  const name = key.kid === null ? `${key.jwk.kty} key without kid` : `“${key.kid}”`;
  if (key.objection) checks.refuse("Key", key.objection);
  else if (key.jwk.kty === "RSA" && key.jwk.alg === undefined) checks.warn("Key", `${name}. It has no alg: Jeton takes such an RSA key only when it is told the algorithm.`, { code: "key_algorithm_missing" });
  else if (isPrivate(key.jwk)) checks.warn("Key", `${name}. It is a private key: verifiers need only its public part.`, { code: "key_secret_in_set" });
  else checks.pass("Key", found.length > 1 && !match ? `${found.length} keys may be meant` : name);
  if (match) checks.pass("Signature", "Valid: the token is unchanged since it was signed with this key.");
  else if (found.length > MAX_TRIES && outcome.code === "signature_invalid") checks.refuse("Signature", new Flaw("key_ambiguous", `${found.length} keys may be meant, and none of the first ${MAX_TRIES} fits. Tokens should name their key.`));
  else checks.refuse("Signature", outcome);
}

/** Checks the registered claims (RFC 7519 §4.1) against what is wanted: issuer, audience, leeway. */
export function checkClaims(checks, token, wanted, now) {
  const { members, isClaims } = token.content;
  for (const flaw of token.claimFlaws) checks.refuse("Claims", flaw);
  if (!members || !isClaims) {
    if (!token.claimFlaws.length) checks.warn("Claims", "The payload is not a claims set: verifiers of JWTs refuse it.", { code: "claims_malformed" });
    return;
  }
  const malformed = [...claimFaults(members)];
  for (const flaw of malformed) checks.refuse("Claims", flaw);
  if (!malformed.length && !token.claimFlaws.length) checks.pass("Claims", "strict JSON; the registered claims have their form");
  if (!wanted.proof) {
    checkIssuer(checks, members, wanted);
    checkAudience(checks, members, wanted);
  }
  checkTimes(checks, members, wanted, now);
}

function* claimFaults(members) {
  const shown = (value) => JSON.stringify(value).slice(0, 60);
  for (const name of ["iss", "sub", "jti"]) {
    if (members[name] !== undefined && typeof members[name] !== "string") yield mismatch("claim_malformed", `The claim ${name} has the wrong type.`, shown(members[name]), "a string");
  }
  const { aud } = members;
  const list = Array.isArray(aud) ? aud : [aud];
  if (aud !== undefined && (aud === "" || !list.length || list.some((one) => typeof one !== "string"))) {
    yield mismatch("claim_malformed", "The claim aud has the wrong form.", shown(aud), "a string that is not empty, or an array of strings");
  }
  for (const name of ["exp", "nbf", "iat"]) {
    const value = members[name];
    if (value === undefined || isDate(value)) continue;
    const hint = typeof value === "number" && isDate(value / 1000) ? " (milliseconds, it seems)" : "";
    yield mismatch("claim_malformed", `The claim ${name} is not a date.`, shown(value) + hint, "a number of seconds since 1970, in the years up to 9999");
  }
}

function checkIssuer(checks, { iss }, { issuer }) {
  if (!issuer) return checks.skip("Issuer", iss === undefined ? "The token has no iss." : `iss is “${iss}”; no expected issuer is set.`);
  if (iss === undefined) return checks.refuse("Issuer", mismatch("claim_missing", "The claim iss is missing.", "no iss", issuer));
  if (iss === issuer) return checks.pass("Issuer", `“${iss}”`);
  const slash = String(iss).replace(/\/$/, "") === issuer.replace(/\/$/, "") ? " They differ only in the slash at the end, which counts." : "";
  checks.refuse("Issuer", mismatch("issuer_mismatch", `The token is from another issuer.${slash}`, iss, issuer));
}

function checkAudience(checks, { aud }, { audience }) {
  const found = [aud ?? []].flat();
  if (!audience) return checks.skip("Audience", found.length ? `aud is ${found.map((one) => `“${one}”`).join(", ")}; no expected audience is set.` : "The token has no aud.");
  if (!found.length) return checks.refuse("Audience", mismatch("claim_missing", "The claim aud is missing.", "no aud", audience));
  if (found.includes(audience)) return checks.pass("Audience", `“${audience}” is among them`);
  checks.refuse("Audience", mismatch("audience_mismatch", "The token is for another audience.", found.join(", "), audience));
}

function checkTimes(checks, { exp, nbf, iat }, { leeway, proof, maxAge }, now) {
  const apart = (seconds) => `${utc(seconds)} (${fromNow(seconds, now)})`;
  const present = (side) => `${side} ${utc(now)}, with ${leeway} s leeway`;
  if (exp === undefined && !proof) checks.refuse("Expiry", mismatch("claim_missing", "The claim exp is missing: the token would be good for ever.", "no exp", "exp"));
  else if (isDate(exp)) {
    if (now >= Math.floor(exp) + leeway) checks.refuse("Expiry", mismatch("token_expired", `The token expired ${fromNow(exp, now)}.`, apart(exp), present("after")));
    else if (now >= exp) checks.warn("Expiry", `It expired ${fromNow(exp, now)}, within the leeway of ${leeway} s.`);
    else checks.pass("Expiry", `expires ${fromNow(exp, now)}`);
  }
  if (isDate(nbf)) {
    if (now + leeway < Math.ceil(nbf)) checks.refuse("Not before", mismatch("token_not_yet_valid", `The token is not valid yet; it will be ${fromNow(nbf, now)}.`, apart(nbf), present("not after")));
    else checks.pass("Not before", `valid since ${utc(nbf)}`);
  } else if (nbf === undefined && !proof) checks.skip("Not before", "The token has no nbf.");
  if (isDate(iat)) {
    if (now + leeway < Math.ceil(iat)) checks.refuse("Issued", mismatch("issued_in_the_future", `The token says that it was issued in the future. The issuer's clock or this one is wrong by ${span(iat - now)}.`, apart(iat), present("not after")));
    else if (maxAge !== undefined && now > iat + maxAge + leeway) checks.refuse("Issued", mismatch("token_too_old", `It was made ${fromNow(iat, now)}; at most ${span(maxAge)} are allowed.`, apart(iat), `after ${utc(now - maxAge)}, with ${leeway} s leeway`));
    else checks.pass("Issued", fromNow(iat, now));
  } else if (iat === undefined) {
    if (maxAge === undefined) checks.skip("Issued", "The token has no iat.");
    else checks.refuse("Issued", mismatch("claim_missing", "The claim iat is missing.", "no iat", "iat"));
  }
}

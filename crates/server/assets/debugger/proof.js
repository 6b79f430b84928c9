// DPoP proofs (RFC 9449 §4.3).
import { Flaw, hash } from "./encoding.js";
import { isPrivate, keysIn, thumbprint } from "./keys.js";
import { checkSignature, mismatch } from "./checks.js";
import { readToken } from "./read.js";

const MAX_PROOF_AGE = 60;
const MAX_JTI = 256;

export const isProof = (token) => token.form === "JWS" && token.signatures[0].members.typ?.toLowerCase?.() === "dpop+jwt";

/** Checks a proof by the key that it brings along, against the request that it is for. Answers the key's thumbprint. */
export async function checkProof(checks, token, { method, url, accessToken, nonce }) {
  const [signature] = token.signatures;
  const { jwk, alg } = signature.members;
  if (/^HS/.test(alg)) checks.refuse("Algorithm", mismatch("algorithm_not_allowed", "A shared secret proves nothing here.", alg, "ES256, ES384, ES512, Ed25519, PS256"));
  if (!jwk) {
    checks.refuse("Key", new Flaw("header_malformed", "The header has no jwk: a proof brings its public key along."));
    return null;
  }
  if (typeof jwk !== "object" || Array.isArray(jwk)) {
    checks.refuse("Key", new Flaw("header_malformed", "The jwk in the header is not a key."));
    return null;
  }
  if (isPrivate(jwk) || jwk.kty === "oct") checks.refuse("Key", new Flaw("key_kind", "The jwk in the header is a private or shared key. Replace it: everyone who saw the proof has it."));
  await checkSignature(checks, token, { ...signature, members: { ...signature.members, kid: undefined } }, await keysIn(JSON.stringify(jwk)), { typ: "dpop+jwt" });
  const claims = token.content.members ?? {};
  const own = await thumbprint(jwk);
  compare(checks, "Method", "htm", claims.htm, method, "dpop_method_mismatch", (one, other) => one === other);
  compare(checks, "Address", "htu", claims.htu, url, "dpop_uri_mismatch", sameAddress);
  checkIdentifier(checks, claims.jti);
  await checkAccessToken(checks, claims.ath, accessToken?.trim(), own);
  compare(checks, "Nonce", "nonce", claims.nonce, nonce, "dpop_nonce_mismatch", (one, other) => one === other);
  return own;
}

/** The proof may be a minute old, and has no expiry of its own. */
export const PROOF_RULES = { proof: true, maxAge: MAX_PROOF_AGE };

function compare(checks, label, name, found, wanted, code, fits) {
  if (found === undefined && name !== "nonce") return checks.refuse(label, mismatch("claim_missing", `The claim ${name} is missing.`, `no ${name}`, wanted || name));
  if (!wanted) return checks.skip(label, found === undefined ? `The proof has no ${name}.` : `${name} is “${found}”; nothing was entered to compare it with.`);
  if (fits(found, wanted)) return checks.pass(label, `“${found}”`);
  checks.refuse(label, mismatch(code, `The proof is for another request: ${name} differs.`, found ?? `no ${name}`, wanted));
}

function checkIdentifier(checks, jti) {
  if (typeof jti === "string" && jti && jti.length <= MAX_JTI) return checks.pass("Identifier", "It has a jti, by which a server refuses the proof a second time.");
  checks.refuse("Identifier", jti === undefined ? new Flaw("claim_missing", "The claim jti is missing.") : mismatch("claim_malformed", "The claim jti has the wrong form.", `${String(jti).length} characters`, `1 to ${MAX_JTI}`));
}

async function checkAccessToken(checks, ath, token, own) {
  if (!token) return checks.skip("Access token", ath === undefined ? "The proof has no ath: it is for the token endpoint." : "Enter the access token to compare it with ath.");
  const wanted = await hash(token);
  if (ath === wanted) checks.pass("Access token", "ath is its hash");
  else checks.refuse("Access token", mismatch("dpop_access_token_mismatch", "The proof is for another access token.", ath ?? "no ath", wanted));
  let bound;
  try {
    bound = readToken(token).content?.members?.cnf?.jkt;
  } catch {
    // An opaque token does not say.
  }
  if (bound === undefined) checks.skip("Binding", "The access token does not say which key it is bound to.");
  else if (bound === own) checks.pass("Binding", "cnf.jkt is the thumbprint of this key");
  else checks.refuse("Binding", mismatch("dpop_key_mismatch", "The access token is bound to another key.", own, String(bound)));
}

/** Letter case of scheme and host, the default port, an empty path, query and fragment do not count. */
function sameAddress(one, other) {
  const parts = (text) => {
    const found = /^(https?):\/\/([^/?#]+)([^?#]*)/i.exec(String(text).trim());
    if (!found) return null;
    const [, scheme, host, path] = found;
    const port = scheme.toLowerCase() === "https" ? /:443$/ : /:80$/;
    return `${scheme.toLowerCase()}://${host.toLowerCase().replace(port, "")}${path || "/"}`;
  };
  return parts(one) !== null && parts(one) === parts(other);
}

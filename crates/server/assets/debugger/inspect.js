// From a pasted token and what it is to be verified against to all that is shown.
import { Flaw, textOf, utf8 } from "./encoding.js";
import { keysIn, secretKey } from "./keys.js";
import { shortType } from "./meanings.js";
import { readContent, readToken } from "./read.js";
import { Checks, checkClaims, checkSignature } from "./checks.js";
import { PROOF_RULES, checkProof, isProof } from "./proof.js";
import { checkBinding, disclose } from "./disclosures.js";
import { decryptToken } from "./decrypt.js";

const MAX_NESTED = 4;

/** The keys to verify with, or nothing where none were given. */
async function verificationKeys({ against, keys, secret, secretEncoding, loadIssuer }) {
  if (against === "issuer") return (await loadIssuer()).keys;
  if (against === "secret") return secret ? [secretKey(secret, secretEncoding)] : null;
  return against === "keys" && keys.trim() ? keysIn(keys) : null;
}

/** The keys to decrypt with: what looks like none is a password or a secret. */
async function decryptionKeys({ decryptionKey, decryptionEncoding }) {
  const text = decryptionKey.trim();
  if (!text) return { keys: [], password: null };
  if (/^([[{]|-----BEGIN)/.test(text)) return { keys: await keysIn(text), password: null };
  const key = secretKey(decryptionKey, decryptionEncoding);
  return { keys: [key], password: decryptionEncoding === "text" ? utf8(decryptionKey) : null };
}

/**
 * Takes a token apart and checks it. The answer has its layers, from the outside in, each with its checks; `keyFlaw` says why the
 * keys could not be read.
 */
export async function inspect(text, settings) {
  const layers = [];
  let keys = null;
  let keyFlaw = null;
  try {
    keys = await verificationKeys(settings);
  } catch (error) {
    keyFlaw = error;
  }
  const issuer = settings.against === "issuer" && !keyFlaw ? (await settings.loadIssuer()).issuer : settings.issuer;
  const wanted = { ...settings, issuer };
  for (let inner = text; inner !== null && layers.length < MAX_NESTED; ) {
    const token = readToken(inner);
    const checks = new Checks();
    const layer = { token, checks, parts: [] };
    layers.push(layer);
    inner = null;
    if (token.form === "JWE") inner = await openLayer(layer, wanted);
    else if (isProof(token)) await proofLayer(layer, wanted);
    else await signedLayer(layer, keys, wanted);
    if (inner === null && token.form === "JWS") inner = nestedIn(token);
  }
  return { layers, keyFlaw, now: settings.now };
}

async function openLayer(layer, wanted) {
  const { token, checks } = layer;
  const { alg, enc } = token.header.members;
  for (const flaw of token.flaws) checks.refuse("Form", flaw);
  if (!token.flaws.length) checks.pass("Form", token.json ? "a JSON serialization (RFC 7516 §7.2)" : "five parts in base64url, a header in strict JSON");
  if (token.header.members.crit !== undefined) checks.refuse("Critical", new Flaw("critical_header_unknown", "crit names extensions that are not known here."));
  const { keys, password } = await decryptionKeys(wanted).catch((flaw) => (checks.refuse("Key", flaw), { keys: [], password: null }));
  if (!keys.length) {
    checks.skip("Decryption", "It is encrypted: enter the key to read it.");
    return null;
  }
  try {
    const opened = await decryptToken(token, keys, password);
    checks.pass("Decryption", `by ${opened.alg ?? alg} and ${enc}${opened.compressed ? ", then decompressed" : ""}`);
    if (opened.compressed) checks.warn("Compression", "Jeton decompresses only where it is told to: the length tells something about the content.", { code: "header_malformed" });
    const inside = textOf(opened.bytes);
    const isToken = shortType(token.header.members.cty ?? "") === "jwt" || (inside !== null && /^ey[\w-]+(\.[\w-]*){2,4}(~|$)/.test(inside));
    if (isToken && inside !== null) {
      if (token.header.members.cty === undefined) checks.warn("Content", "It is a token, but the header has no cty “JWT”.", { code: "token_not_nested" });
      return inside;
    }
    token.claimFlaws = [];
    token.content = readContent(opened.bytes, token.claimFlaws, token.header.members);
    checks.skip("Signature", "What is inside is not signed: anyone who has the recipient's public key can make it.");
    if (token.content.isClaims) checkClaims(checks, token, wanted, wanted.now);
  } catch (error) {
    checks.refuse("Decryption", error);
  }
  return null;
}

async function proofLayer(layer, wanted) {
  const { token, checks } = layer;
  layer.thumbprint = await checkProof(checks, token, wanted).catch((flaw) => (checks.refuse("Key", flaw), null));
  checkClaims(checks, token, { leeway: wanted.leeway, ...PROOF_RULES }, wanted.now);
}

async function signedLayer(layer, keys, wanted) {
  const { token, checks } = layer;
  const jwt = token.content.isClaims;
  if (token.signatures.length === 1) {
    await checkSignature(checks, token, token.signatures[0], keys, { typ: wanted.typ, jwt });
  } else {
    // One good signature is enough (RFC 7515 §5.2).
    const each = [];
    for (const signature of token.signatures) {
      const own = new Checks();
      await checkSignature(own, token, signature, keys, { typ: wanted.typ, jwt });
      each.push(own);
    }
    const best = each.find((own) => !own.refusal) ?? each[0] ?? checks;
    checks.list = best.list;
    if (best.refusal === undefined && keys) checks.pass("Signatures", `${each.filter((own) => !own.refusal).length} of ${each.length} are valid`);
  }
  checkClaims(checks, token, wanted, wanted.now);
  if (token.form === "SD-JWT") {
    layer.disclosed = await disclose(token).catch((error) => (checks.refuse("Disclosures", error), null));
    if (!layer.disclosed) return;
    for (const flaw of layer.disclosed.flaws) checks.refuse("Disclosures", flaw);
    if (!layer.disclosed.flaws.length) checks.pass("Disclosures", "each matches a digest in the token");
    if (token.binding) layer.binding = await checkBinding(token, { audience: wanted.bindingAudience, nonce: wanted.bindingNonce, leeway: wanted.leeway }, wanted.now);
    else if (token.content.members?.cnf) checks.warn("Key binding", "It is bound to the holder's key, but the proof of the holder is not there.", { code: "sd_jwt_key_binding_missing" });
  }
}

/** A token that was signed as the payload of another. */
function nestedIn({ signatures, content }) {
  const isToken = shortType(signatures[0]?.members.cty ?? "") === "jwt";
  return isToken && content.text && !content.node ? content.text.trim() : null;
}

/** The outcome in words: "good", "bad", or "open" where something was not checked. */
export function verdictOf({ layers, keyFlaw }) {
  const all = layers.flatMap(({ checks, binding }) => (binding ? [...checks.list, ...binding.list] : checks.list));
  const refusal = all.find(({ state }) => state === "fail");
  const done = (name) => all.some((check) => check.name === name && check.state === "pass");
  const sealed = layers.at(-1)?.token.form === "JWE" && !layers.at(-1).token.content;
  if (refusal) return { ...refusal, state: "bad", title: "Refused" };
  if (keyFlaw) return { state: "open", title: "Not verified", words: keyFlaw.message, code: keyFlaw.code };
  if (sealed) return { state: "open", title: "Encrypted", words: "Enter the recipient's key below the token to read it." };
  if (!done("Signature")) {
    const why = all.find(({ name, state }) => name === "Signature" && state === "warn");
    if (!why && layers.some(({ token }) => token.form === "JWE")) return { state: "open", title: "Decrypted", words: "It is not signed, so nothing shows who made it." };
    return { state: "open", title: "Not verified", words: why?.words ?? "Enter a key to check the signature. Until then, nothing below is proven." };
  }
  const rest = isProof(layers[0].token) ? "Only the server knows whether it was used before." : "Only its issuer knows whether it was revoked.";
  return { state: "good", title: "Valid", words: `Every check passed${unasked(all)}. ${rest}` };
}

/** What could have been checked, had it been asked for. */
function unasked(checks) {
  const names = ["Type", "Issuer", "Audience"].filter((name) => checks.some((check) => check.name === name && check.state === "skip"));
  return names.length ? `; not checked: ${names.join(", ").toLowerCase()}` : "";
}

// Keys: from what was pasted, and which of them a token may mean. The rules are those of Jeton's libraries.
import { Flaw, fromBase64url, fromHex, hash, textOf, toBase64url, utf8 } from "./encoding.js";
import { parseJson, plain } from "./json.js";
import { jwkOfPem } from "./der.js";

const MAX_KEYS = 100;
const CURVE_ALGORITHM = { __proto__: null, "P-256": "ES256", "P-384": "ES384", "P-521": "ES512", secp256k1: "ES256K", Ed25519: "Ed25519" };
const RSA_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const HMAC_ALGORITHMS = ["HS256", "HS384", "HS512"];
const NEEDED = { __proto__: null, RSA: ["n", "e"], EC: ["crv", "x", "y"], OKP: ["crv", "x"], oct: ["k"], AKP: ["alg", "pub"] };

/** All algorithms for signatures that Jeton knows; `EdDSA` is the older name of `Ed25519` (RFC 9864). */
export const SIGNING = [...HMAC_ALGORITHMS, ...RSA_ALGORITHMS, "ES256", "ES384", "ES512", "ES256K", "Ed25519", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"];
/** Secrets that are long enough, but published in tutorials. */
const KNOWN_SECRETS = [
  "a-string-secret-at-least-256-bits-long",
  "a-valid-string-secret-that-is-at-least-384-bits-long",
  "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
  "your-256-bit-secret-your-256-bit-secret",
  "this-is-a-very-long-secret-key-for-jwt",
  "YOUR_SECRET_KEY_WHICH_SHOULD_BE_LONG_ENOUGH",
  "my-32-character-ultra-secure-and-ultra-long-secret",
  "super-secret-jwt-token-with-at-least-32-characters-long",
  "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
  "@NcRfUjXn2r5u8x/A?D(G+KbPdSgVkYp",
  "secretsecretsecretsecretsecretsecret",
  "abcdefghijklmnopqrstuvwxyz123456",
  "12345678901234567890123456789012",
  "00000000000000000000000000000000",
];
export const canonical = (alg) => (alg === "EdDSA" ? "Ed25519" : alg);
export const isPrivate = (jwk) => jwk.d !== undefined || jwk.priv !== undefined;

/** The keys in a pasted text: a JWK, a JWK Set, or one or more PEM blocks. */
export async function keysIn(text) {
  const trimmed = text.trim();
  if (trimmed.startsWith("-----BEGIN")) {
    const blocks = trimmed.match(/-----BEGIN [^-]+-----[^-]*-----END [^-]+-----/g) ?? [trimmed];
    return Promise.all(blocks.slice(0, MAX_KEYS).map(async (block) => usable(await jwkOfPem(block))));
  }
  if (!/^[[{]/.test(trimmed)) throw new Flaw("key_pem", "This is neither a JWK, a JWK Set nor PEM. A shared secret has a place of its own above.");
  const { root, flaws } = parseJson(trimmed, "key_member_malformed");
  if (flaws.length) throw flaws[0];
  const found = plain(root);
  const list = Array.isArray(found) ? found : found.keys ?? [found];
  if (!Array.isArray(list) || !list.length) throw new Flaw("key_not_found", "The key set has no keys.");
  if (list.length > MAX_KEYS) throw new Flaw("key_set_too_large", `The set has ${list.length} keys; at most ${MAX_KEYS} are taken.`);
  return list.map(usable);
}

/** A shared secret as it was typed: "text", "base64url" or "hex". */
export function secretKey(text, encoding) {
  const trimmed = text.trim();
  const bytes = encoding === "hex" ? fromHex(text) : encoding === "base64url" ? fromBase64url(trimmed, "secret", "key_member_malformed") : utf8(text);
  const key = usable({ kty: "oct", k: toBase64url(bytes) });
  if (/^-----BEGIN [A-Z ]*(PUBLIC KEY|CERTIFICATE)/.test(trimmed)) key.refused = new Flaw("key_secret_is_public_key", "The secret is the text of a public key: anyone who has that key could forge tokens.");
  return key;
}

/** A key with its algorithms, or with the reason why it cannot be used. */
function usable(jwk) {
  const key = { jwk, kid: typeof jwk?.kid === "string" ? jwk.kid : null, algorithms: [], refused: null };
  try {
    key.algorithms = algorithms(jwk);
  } catch (error) {
    key.refused = error;
  }
  return key;
}

function algorithms(jwk) {
  const needed = NEEDED[jwk?.kty];
  if (!needed) throw new Flaw("key_unsupported", `The kty ${JSON.stringify(jwk?.kty)} is not known.`);
  for (const name of needed) {
    if (typeof jwk[name] !== "string") throw new Flaw("key_member_missing", `The key has no ${name}, which every ${jwk.kty} key has.`);
    if (name !== "crv" && name !== "alg") fromBase64url(jwk[name], `member ${name} of the key`, "key_member_malformed");
  }
  if (jwk.alg !== undefined) return [canonical(jwk.alg)];
  if (jwk.kty === "RSA") return RSA_ALGORITHMS;
  if (jwk.kty === "oct") return HMAC_ALGORITHMS;
  return CURVE_ALGORITHM[jwk.crv] ? [CURVE_ALGORITHM[jwk.crv]] : [];
}

/** Why this key must not verify: its use, its size, its secret. */
function permission(key, alg) {
  const { jwk, refused } = key;
  if (refused) return refused;
  if (jwk.use !== undefined && jwk.use !== "sig") return new Flaw("key_use", `Its use is “${jwk.use}”; signatures need “sig”.`);
  const allowed = isPrivate(jwk) || jwk.kty === "oct" ? ["verify", "sign"] : ["verify"];
  if (Array.isArray(jwk.key_ops) && !jwk.key_ops.some((one) => allowed.includes(one))) {
    return new Flaw("key_use", `Its key_ops are ${JSON.stringify(jwk.key_ops)}; “verify” is not among them.`);
  }
  if (jwk.kty === "RSA") {
    const bits = bitLength(jwk.n);
    if (bits < 2048 || bits > 8192) return new Flaw("key_rsa_size", `The RSA key has ${bits} bits; 2048 to 8192 are allowed.`);
  }
  if (jwk.kty === "oct") {
    const bytes = fromBase64url(jwk.k, "secret");
    const wanted = Number(alg.slice(2)) / 8;
    if (bytes.length < wanted) return new Flaw("key_secret_too_short", `The secret has ${bytes.length} bytes; ${alg} needs at least ${wanted}.`);
    if (KNOWN_SECRETS.includes(textOf(bytes))) return new Flaw("key_secret_known", "The secret is published in a tutorial: everyone can forge tokens.");
  }
  return null;
}

function bitLength(number) {
  const bytes = fromBase64url(number, "modulus");
  const first = bytes.findIndex(Boolean);
  return first < 0 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first]) + 24;
}

const named = (keys) => keys.map((key) => (key.kid === null ? `a key without kid` : `“${key.kid}”`)).join(", ") || "none";

/**
 * The keys that a token with this header may have been signed with, as Jeton's verifiers choose them: by algorithm first, then by
 * `kid`. Each has as `objection` what a verifier has against it.
 */
export function candidates(keys, alg, kid) {
  const fits = (key) => key.algorithms.includes(alg);
  const byName = keys.filter((key) => kid !== undefined && key.kid === kid);
  if (!keys.some(fits)) {
    const refused = [...byName, ...keys].find((key) => key.refused)?.refused;
    if (refused) throw refused;
    const offered = [...new Set(keys.flatMap((key) => key.algorithms))];
    throw Object.assign(new Flaw("algorithm_not_allowed", `No key is for ${alg}.`), { found: alg, wanted: offered.join(", ") || "none" });
  }
  const list = byName.length ? byName.filter(fits) : keys.filter((key) => fits(key) && (kid === undefined || key.kid === null));
  if (byName.length && !list.length) {
    throw Object.assign(new Flaw("algorithm_not_allowed", `The key with this kid is not for ${alg}.`), { found: alg, wanted: byName[0].algorithms.join(", ") });
  }
  if (!list.length) throw Object.assign(new Flaw("key_not_found", "No key has the token's kid."), { found: kid, wanted: named(keys) });
  return list.map((key) => ({ ...key, objection: permission(key, alg) }));
}

/** The public part of a JWK, without what only its owner needs. */
export function publicPart(jwk) {
  const { d, p, q, dp, dq, qi, oth, k, priv, key_ops, ext, ...rest } = jwk;
  return rest;
}

/** The members of a thumbprint, in the order that is hashed. */
const THUMBPRINT = { __proto__: null, EC: ["crv", "kty", "x", "y"], RSA: ["e", "kty", "n"], OKP: ["crv", "kty", "x"], oct: ["k", "kty"], AKP: ["alg", "kty", "pub"] };

/** The thumbprint of a key (RFC 7638). */
export const thumbprint = (jwk) => hash(JSON.stringify(Object.fromEntries((THUMBPRINT[jwk.kty] ?? []).map((name) => [name, jwk[name]]))));

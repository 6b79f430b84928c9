// Decrypting (RFC 7516, RFC 7518 §4 and §5) by WebCrypto.
import { Flaw, Unable, concat, fromBase64url, same, subtle, utf8 } from "./encoding.js";
import { canonical, publicPart } from "./keys.js";

const MIN_ITERATIONS = 1000;
const MAX_ITERATIONS = 1_200_000;
const MAX_INFLATED = 256 * 1024;
const KEY_BYTES = { __proto__: null, A128GCM: 16, A192GCM: 24, A256GCM: 32, "A128CBC-HS256": 32, "A192CBC-HS384": 48, "A256CBC-HS512": 64 };
const failed = () => new Flaw("decrypt_failed", "The key is wrong, or the token was changed.");

async function raw(bytes, algorithm, usages) {
  if (bytes.length === 24 && String(algorithm.name ?? algorithm).startsWith("AES")) {
    try {
      return await subtle().importKey("raw", bytes, algorithm, false, usages);
    } catch {
      throw new Unable("This browser does not have AES with 192 bits. Use Firefox, or the command: jeton jwe decrypt.");
    }
  }
  return subtle().importKey("raw", bytes, algorithm, false, usages);
}

/** Decrypts a token with the first of these keys that fits one of its recipients. */
export async function decryptToken(token, keys, password) {
  const enc = token.header.members.enc;
  if (enc === undefined) throw new Flaw("header_malformed", "The protected header has no enc.");
  if (!KEY_BYTES[enc]) throw Object.assign(new Flaw("algorithm_not_allowed", `The enc ${JSON.stringify(enc)} is not one that is known here.`), { found: enc, wanted: Object.keys(KEY_BYTES).join(", ") });
  let last = null;
  for (const { members, key } of token.recipients) {
    const fitting = keys.filter(({ kid }) => members.kid === undefined || kid === null || kid === members.kid);
    if (!fitting.length && keys.length) last ??= Object.assign(new Flaw("key_not_found", "No key has the token's kid."), { found: members.kid, wanted: keys.map(({ kid }) => kid).join(", ") });
    const secrets = members.alg?.startsWith("PBES2") && password ? [{ jwk: null, refused: null }] : fitting;
    for (const { jwk, refused } of secrets) {
      try {
        if (refused) throw refused;
        const cek = await contentKey(members, enc, key, jwk, password);
        if (cek.length !== KEY_BYTES[enc]) throw failed();
        const bytes = await open(enc, cek, token.sealed);
        const inflated = token.header.members.zip === undefined ? bytes : await inflate(bytes, token.header.members.zip);
        return { bytes: inflated, cek, alg: members.alg, enc, compressed: inflated !== bytes };
      } catch (error) {
        last = error instanceof Flaw ? error : failed();
      }
    }
  }
  throw last ?? new Flaw("key_not_found", "There is no key to decrypt it with.");
}

/** The key of the content: it is agreed, unwrapped, or the recipient's own. */
async function contentKey(header, enc, encrypted, jwk, password) {
  const alg = header.alg;
  if (alg === "RSA1_5" || alg === "none") throw Object.assign(new Flaw("algorithm_not_allowed", `${alg} is never allowed.`), { found: alg, wanted: "RSA-OAEP-256, ECDH-ES…" });
  if (jwk?.alg && canonical(jwk.alg) !== alg && jwk.alg !== enc) throw Object.assign(new Flaw("algorithm_not_allowed", "The key is for another algorithm."), { found: alg, wanted: jwk.alg });
  const secret = () => {
    if (jwk.kty !== "oct") throw new Flaw("key_kind", `${alg} needs a shared secret (kty oct); the key is ${jwk.kty}.`);
    return fromBase64url(jwk.k, "secret");
  };
  const member = (name) => {
    if (typeof header[name] !== "string") throw new Flaw("header_malformed", `The header has no ${name}, which ${alg} needs.`);
    return fromBase64url(header[name], `header's ${name}`, "header_malformed");
  };
  if (alg === "dir") return secret();
  if (/^A\d{3}KW$/.test(alg)) return unwrap(sized(secret(), Number(alg.slice(1, 4)) / 8, alg), encrypted);
  if (/^A\d{3}GCMKW$/.test(alg)) return gcm(sized(secret(), Number(alg.slice(1, 4)) / 8, alg), member("iv"), encrypted, member("tag"), new Uint8Array());
  if (/^RSA-OAEP(-\d{3})?$/.test(alg)) return oaep(alg, jwk, encrypted);
  if (/^ECDH-ES(\+A\d{3}KW)?$/.test(alg)) return agree(header, enc, encrypted, jwk);
  if (/^PBES2-HS(256\+A128|384\+A192|512\+A256)KW$/.test(alg)) return byPassword(header, encrypted, password ?? secret(), member("p2s"));
  if (/^HPKE/.test(alg)) throw new Unable(`Browsers cannot decrypt ${alg}. The command jeton jwe decrypt can.`);
  throw new Flaw("algorithm_not_allowed", `The alg ${JSON.stringify(alg)} is not one that is known here.`);
}

function sized(bytes, wanted, alg) {
  if (bytes.length !== wanted) throw new Flaw("encryption_key_mismatch", `The secret has ${bytes.length} bytes; ${alg} needs ${wanted}.`);
  return bytes;
}

/** AES key wrap (RFC 3394). WebCrypto hands out keys alone, and an HMAC key may have any length. */
async function unwrap(key, wrapped) {
  const kek = await raw(key, "AES-KW", ["unwrapKey"]);
  const cek = await subtle().unwrapKey("raw", wrapped, kek, "AES-KW", { name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
  return new Uint8Array(await subtle().exportKey("raw", cek));
}

async function oaep(alg, jwk, encrypted) {
  if (jwk.kty !== "RSA" || !jwk.d) throw new Flaw("key_kind", `${alg} needs the private RSA key of the recipient; this is ${jwk.kty === "RSA" ? "the public one" : jwk.kty}.`);
  const { alg: _, use, key_ops, ...rest } = jwk;
  const hash = alg === "RSA-OAEP" ? "SHA-1" : `SHA-${alg.slice(-3)}`;
  const key = await subtle().importKey("jwk", rest, { name: "RSA-OAEP", hash }, false, ["decrypt"]);
  return new Uint8Array(await subtle().decrypt("RSA-OAEP", key, encrypted));
}

/** ECDH-ES with the Concat KDF (RFC 7518 §4.6). */
async function agree(header, enc, encrypted, jwk) {
  const { alg, epk } = header;
  if (!jwk.d) throw new Flaw("key_kind", `${alg} needs the private key of the recipient; this one is ${jwk.kty === "oct" ? "a secret" : "public"}.`);
  if (typeof epk !== "object" || epk?.crv !== jwk.crv) throw new Flaw("header_malformed", `The epk is on the curve ${epk?.crv}; the key is on ${jwk.crv}.`);
  const name = jwk.kty === "OKP" ? { name: jwk.crv } : { name: "ECDH", namedCurve: jwk.crv };
  const load = ({ kty, crv, x, y, d }, usages) => subtle().importKey("jwk", JSON.parse(JSON.stringify({ kty, crv, x, y, d })), name, false, usages);
  const bits = { "P-256": 256, "P-384": 384, "P-521": 528, X25519: 256 }[jwk.crv];
  if (!bits) throw new Flaw("key_unsupported", `The curve ${jwk.crv} is not supported.`);
  const shared = new Uint8Array(await subtle().deriveBits({ name: name.name, public: await load(publicPart(epk), []) }, await load(jwk, ["deriveBits"]), bits));
  const direct = alg === "ECDH-ES";
  const length = direct ? KEY_BYTES[enc] : Number(alg.slice(9, 12)) / 8;
  const number = (value) => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
  const counted = (bytes) => concat(number(bytes.length), bytes);
  const party = (member) => counted(member === undefined ? new Uint8Array() : fromBase64url(member, "party information", "header_malformed"));
  const info = concat(counted(utf8(direct ? enc : alg)), party(header.apu), party(header.apv), number(length * 8));
  let derived = new Uint8Array();
  for (let round = 1; derived.length < length; round++) {
    derived = concat(derived, new Uint8Array(await subtle().digest("SHA-256", concat(number(round), shared, info))));
  }
  derived = derived.slice(0, length);
  return direct ? derived : unwrap(derived, encrypted);
}

/** PBES2 (RFC 7518 §4.8), with a limit to the work that a token may ask for. */
async function byPassword({ alg, p2c }, encrypted, password, salt) {
  if (!(p2c >= MIN_ITERATIONS && p2c <= MAX_ITERATIONS)) throw Object.assign(new Flaw("header_malformed", "The number of iterations (p2c) is out of bounds."), { found: p2c, wanted: `${MIN_ITERATIONS} to ${MAX_ITERATIONS}` });
  if (salt.length < 8) throw new Flaw("header_malformed", "The salt (p2s) has fewer than 8 bytes.");
  const base = await subtle().importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const bits = Number(alg.slice(-5, -2));
  const kek = await subtle().deriveBits({ name: "PBKDF2", hash: `SHA-${alg.slice(8, 11)}`, salt: concat(utf8(alg), Uint8Array.of(0), salt), iterations: p2c }, base, bits);
  return unwrap(new Uint8Array(kek), encrypted);
}

async function gcm(key, iv, ciphertext, tag, additionalData) {
  if (tag.length !== 16 || iv.length !== 12) throw failed();
  const aes = await raw(key, "AES-GCM", ["decrypt"]);
  return new Uint8Array(await subtle().decrypt({ name: "AES-GCM", iv, additionalData }, aes, concat(ciphertext, tag)));
}

/** Decrypts the content; nothing is decrypted before its tag is right. */
async function open(enc, cek, { iv, ciphertext, tag, aad }) {
  if (enc.endsWith("GCM")) return gcm(cek, iv, ciphertext, tag, aad);
  const half = cek.length / 2;
  const bits = BigInt(aad.length * 8);
  const length = Uint8Array.from({ length: 8 }, (_, at) => Number((bits >> BigInt(56 - 8 * at)) & 255n));
  const mac = await subtle().importKey("raw", cek.slice(0, half), { name: "HMAC", hash: `SHA-${half * 16}` }, false, ["sign"]);
  const made = new Uint8Array(await subtle().sign("HMAC", mac, concat(aad, iv, ciphertext, length))).slice(0, half);
  if (!same(made, tag)) throw failed();
  const aes = await raw(cek.slice(half), "AES-CBC", ["decrypt"]);
  return new Uint8Array(await subtle().decrypt({ name: "AES-CBC", iv }, aes, ciphertext));
}

async function inflate(bytes, zip) {
  if (zip !== "DEF") throw new Flaw("header_malformed", `The zip ${JSON.stringify(zip)} is not known; only DEF is.`);
  const chunks = [];
  let length = 0;
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    length += step.value.length;
    if (length > MAX_INFLATED) {
      reader.cancel();
      throw new Flaw("decrypt_failed", `The content is larger than ${MAX_INFLATED / 1024} KiB when it is decompressed.`);
    }
    chunks.push(step.value);
  }
  return concat(...chunks);
}

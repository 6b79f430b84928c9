// Signatures by WebCrypto: verifying and making them.
import { Flaw, Unable, fromBase64url, subtle } from "./encoding.js";

/** What each algorithm is called in WebCrypto. */
function parameters(alg) {
  const hash = { name: `SHA-${alg.slice(2)}` };
  switch (alg.slice(0, 2)) {
    case "HS":
      return { name: "HMAC", hash };
    case "RS":
      return { name: "RSASSA-PKCS1-v1_5", hash };
    case "PS":
      return { name: "RSA-PSS", hash, saltLength: Number(alg.slice(2)) / 8 };
    case "Ed":
      return { name: "Ed25519" };
    case "ES":
      if (alg !== "ES256K") return { name: "ECDSA", hash, namedCurve: { ES256: "P-256", ES384: "P-384", ES512: "P-521" }[alg] };
  }
  throw new Unable(`Browsers cannot check ${alg}. Use the command: jeton jwt verify --key FILE TOKEN.`);
}

const SIGNATURE_BYTES = { ES256: 64, ES384: 96, ES512: 132, Ed25519: 64 };

async function imported(jwk, alg, usage) {
  const { kty, crv, x, y, n, e, k } = jwk;
  const secret = usage === "sign" ? (({ d, p, q, dp, dq, qi }) => ({ d, p, q, dp, dq, qi }))(jwk) : {};
  const members = Object.entries({ kty, crv, x, y, n, e, k, ...secret }).filter(([, value]) => value !== undefined);
  try {
    return await subtle().importKey("jwk", Object.fromEntries(members), parameters(alg), false, [usage]);
  } catch (error) {
    if (error instanceof Flaw) throw error;
    if (error.name === "NotSupportedError") throw new Unable(`This browser cannot check ${alg}.`);
    throw new Flaw("key_inconsistent", `The browser refuses the key for ${alg}: its parts do not belong together.`);
  }
}

/** Whether a key made a signature; a refusal where that cannot be. */
export async function verify(jwk, alg, input, signature) {
  const wanted = SIGNATURE_BYTES[alg];
  if (wanted && signature.length !== wanted) {
    const why = signature[0] === 0x30 && signature.length > wanted ? " It looks like DER, but JWS needs the two numbers side by side (RFC 7518 §3.4)." : "";
    throw new Flaw("signature_invalid", `The signature has ${signature.length} bytes; ${alg} has ${wanted}.${why}`);
  }
  if (jwk.kty === "oct" && !fromBase64url(jwk.k, "secret").length) throw new Flaw("key_secret_too_short", "The secret is empty.");
  return subtle().verify(parameters(alg), await imported(jwk, alg, "verify"), signature, input);
}

export async function sign(jwk, alg, input) {
  return new Uint8Array(await subtle().sign(parameters(alg), await imported(jwk, alg, "sign"), input));
}

/** A fresh key pair, or a fresh secret, as a private JWK. */
export async function generate(alg) {
  const rsa = { modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) };
  const made = await subtle().generateKey({ ...rsa, ...parameters(alg) }, true, ["sign", "verify"]).catch(() => {
    throw new Unable(`This browser cannot make keys for ${alg}.`);
  });
  const { key_ops, ext, alg: _, ...jwk } = await subtle().exportKey("jwk", made.privateKey ?? made);
  return jwk;
}

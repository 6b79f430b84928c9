// Test tokens, signed with keys that exist only in this page.
import { toBase64url, utf8 } from "./encoding.js";
import { nodeOf, parseJson } from "./json.js";
import { publicPart, thumbprint } from "./keys.js";
import { generate, sign } from "./signatures.js";

export const ALGORITHMS = ["ES256", "RS256", "PS256", "EdDSA", "HS256"];
const made = new Map();

/** The page's key for an algorithm, made when it is first needed. */
export async function keyFor(alg, fresh = false) {
  if (fresh || !made.has(alg)) {
    const jwk = await generate(alg);
    made.set(alg, { ...jwk, alg, use: "sig", kid: await thumbprint(jwk) });
  }
  return made.get(alg);
}

/** The key as verifiers get it: the public part, or the secret itself. */
export const shared = (jwk) => (jwk.kty === "oct" ? jwk : publicPart(jwk));

/** An object with a member set: replaced in its place, or appended. */
export function withMember(text, name, value) {
  const { root } = parseJson(text, "claims_malformed");
  const node = nodeOf(value);
  const at = root.object.findLastIndex(([known]) => known === name);
  if (at < 0) root.object.push([name, node]);
  else root.object[at][1] = node;
  return root;
}

/** A value without white space, otherwise as it stands. */
function compact(node) {
  if (node.object) return `{${node.object.map(([name, value]) => `${JSON.stringify(name)}:${compact(value)}`).join(",")}}`;
  if (node.array) return `[${node.array.map(compact).join(",")}]`;
  return node.string === undefined ? node.number ?? node.word : JSON.stringify(node.string);
}

/** Signs a token with this header and these claims, as they are typed: also one that verifiers refuse. */
export async function makeToken(alg, headerText, claimsText) {
  const part = (text, code) => toBase64url(utf8(compact(parseJson(text, code).root)));
  const input = `${part(headerText, "header_malformed")}.${part(claimsText, "claims_malformed")}`;
  return `${input}.${toBase64url(await sign(await keyFor(alg), alg, utf8(input)))}`;
}

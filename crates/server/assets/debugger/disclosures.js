// SD-JWT: which claims were disclosed, and who holds the token (RFC 9901).
import { Flaw, decode, hash, textOf } from "./encoding.js";
import { keysIn } from "./keys.js";
import { parseJson } from "./json.js";
import { Checks, checkSignature, mismatch } from "./checks.js";
import { isDate, utc } from "./times.js";

/** What must never be hidden, for it is judged before the disclosures are. */
const ALWAYS_SHOWN = ["iss", "aud", "exp", "nbf", "iat", "cnf", "vct", "status", "_sd_alg"];
const MAX_BINDING_AGE = 300;

/** Each disclosure with its digest, its name where it has one, and its value as a node. */
async function readDisclosures(texts) {
  const list = [];
  for (const text of texts) {
    const one = { text, digest: await hash(text), name: null, value: null, flaw: null, used: false };
    list.push(one);
    try {
      const { bytes, flaw } = decode(text, "disclosure");
      if (flaw) throw flaw;
      const { root, flaws } = parseJson(textOf(bytes) ?? "", "sd_jwt_disclosure");
      const [salt, ...rest] = root.array ?? [];
      if (flaws.length || salt?.string === undefined || !rest.length || rest.length > 2) throw new Flaw("", "It is not an array of a salt, a name and a value.");
      const name = rest.length === 2 ? rest[0].string : null;
      if (name === undefined || name === "_sd" || name === "...") throw new Flaw("", "Its name is not allowed.");
      Object.assign(one, { name, value: rest.at(-1) });
    } catch (error) {
      one.flaw = new Flaw("sd_jwt_disclosure", `A disclosure is malformed: ${error.message}`);
    }
  }
  return list;
}

/** Puts the disclosed values where their digests are: the processed payload, the disclosures, and how many stay hidden. */
export async function disclose(token) {
  const disclosures = await readDisclosures(token.disclosures);
  const flaws = disclosures.map(({ flaw }) => flaw).filter(Boolean);
  const algorithm = token.content.members?._sd_alg ?? "sha-256";
  if (algorithm !== "sha-256") flaws.push(mismatch("sd_jwt_hash_unknown", "The hash function of the digests is not known.", algorithm, "sha-256"));
  const byDigest = new Map();
  for (const one of disclosures) {
    if (byDigest.has(one.digest)) flaws.push(new Flaw("sd_jwt_disclosure", "A disclosure is there twice."));
    byDigest.set(one.digest, one);
  }
  const seen = new Set();
  let hidden = 0;
  const bad = (words) => flaws.push(new Flaw("sd_jwt_digests", words));

  function take(node) {
    if (node.string === undefined) return bad("A digest is not a string.") && null;
    if (seen.has(node.string)) bad("A digest is there twice.");
    seen.add(node.string);
    const one = byDigest.get(node.string);
    if (!one) hidden++;
    else one.used = true;
    return one?.value ? one : null;
  }
  function walk(node, path) {
    if (node.array) return { array: node.array.flatMap((item, at) => element(item, `${path}/${at}`)) };
    if (!node.object) return node;
    const shown = node.object.filter(([name]) => name !== "_sd" && !(path === "" && name === "_sd_alg"));
    const members = shown.map(([name, value]) => [name, walk(value, `${path}/${name}`)]);
    for (const digest of node.object.find(([name]) => name === "_sd")?.[1].array ?? []) {
      const one = take(digest);
      if (!one) continue;
      if (one.name === null) flaws.push(new Flaw("sd_jwt_disclosure", "A disclosure of an array's element stands for a member."));
      if (members.some(([name]) => name === one.name) || (path === "" && ALWAYS_SHOWN.includes(one.name))) bad(`A disclosure must not add the claim “${one.name}”.`);
      one.path = `${path}/${one.name}`;
      members.push([one.name ?? "", walk(one.value, one.path)]);
    }
    return { object: members };
  }
  function element(item, path) {
    const digest = item.object?.find(([name]) => name === "...");
    if (!digest) return [walk(item, path)];
    const one = take(digest[1]);
    if (!one) return [];
    if (one.name !== null) flaws.push(new Flaw("sd_jwt_disclosure", "A disclosure with a name stands for an array's element."));
    one.path = path;
    return [walk(one.value, path)];
  }
  const payload = token.content.node && walk(token.content.node, "");
  if (disclosures.some(({ used, flaw }) => !used && !flaw)) flaws.push(new Flaw("sd_jwt_disclosure", "A disclosure belongs to no digest of the token: it is from another token, or was changed."));
  return { payload, disclosures, hidden, flaws };
}

/** Checks the holder's proof: by the key in `cnf`, for this presentation, verifier and nonce. */
export async function checkBinding(token, { audience, nonce, leeway }, now) {
  const checks = new Checks();
  const { binding } = token;
  const jwk = token.content.members?.cnf?.jwk;
  const claims = binding.content.members ?? {};
  if (!jwk) checks.refuse("Holder's key", new Flaw("key_member_missing", "The token has no cnf.jwk, so it is bound to no key."));
  const keys = jwk ? await keysIn(JSON.stringify(jwk)) : null;
  await checkSignature(checks, binding, binding.signatures[0], keys, { typ: "kb+jwt" });
  const fits = (name, found, wanted) => {
    if (found === wanted) checks.pass(name, `“${found}”`);
    else checks.refuse(name, mismatch("sd_jwt_key_binding_mismatch", "The proof is for something else.", String(found), wanted));
  };
  const wanted = await hash(token.presented);
  if (claims.sd_hash === wanted) checks.pass("Presentation", "sd_hash is the hash of this token with these disclosures");
  else fits("Presentation", claims.sd_hash, wanted);
  if (audience) fits("Verifier", claims.aud, audience);
  else checks.skip("Verifier", `aud is “${claims.aud}”; no expected value is set.`);
  if (nonce) fits("Nonce", claims.nonce, nonce);
  else checks.skip("Nonce", `nonce is “${claims.nonce}”; no expected value is set.`);
  const fresh = claims.iat <= now + leeway && now <= claims.iat + MAX_BINDING_AGE + leeway;
  if (fresh) checks.pass("Made", "within the last 5 minutes");
  else checks.refuse("Made", mismatch("sd_jwt_key_binding_mismatch", "The proof is not of the last 5 minutes.", isDate(claims.iat) ? utc(claims.iat) : String(claims.iat), `after ${utc(now - MAX_BINDING_AGE)}, with ${leeway} s leeway`));
  return checks;
}

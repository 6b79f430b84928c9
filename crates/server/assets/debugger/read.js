// Taking a token apart, without checking what it claims.
import { Flaw, decode, textOf, utf8 } from "./encoding.js";
import { member, parseJson, plain } from "./json.js";
import { refuseOthers } from "./pasted.js";

const MAX_TOKEN = 16 * 1024;
const MAX_HEADER = 8 * 1024;
const MAX_SHOWN = 1024 * 1024;

/**
 * A token in its parts: `form` is "JWS", "JWE" or "SD-JWT", `json` whether it is in a JSON serialization, `signatures` or
 * `recipients` whom it names, `flaws` why its form is refused.
 */
export function readToken(text) {
  refuseOthers(text);
  if (text.length > MAX_SHOWN) throw new Flaw("token_too_large", `This has ${text.length} characters; the debugger shows at most ${MAX_SHOWN}.`);
  if (text.startsWith("{")) return readJson(text);
  if (text.includes("~")) return readSdJwt(text);
  const parts = text.split(".");
  const token = parts.length === 3 ? readJws(parts) : parts.length === 5 ? readJwe(parts) : notCompact(text, parts);
  if (text.length > MAX_TOKEN) token.flaws.push(new Flaw("token_too_large", `The token has ${text.length} characters; verifiers take 16 KiB unless they are told otherwise.`));
  return token;
}

function notCompact(text, parts) {
  const bad = text.search(/[^A-Za-z0-9_.~-]/);
  if (bad >= 0) decodeOrThrow(text.replace(/[.~]/g, "A"), "text");
  const found = parts.length === 1 ? "This has no dots" : `This has ${parts.length} parts`;
  const opaque = text.startsWith("ey") ? " It begins as a token does, but part of it is missing." : " It may be an opaque token, which only its issuer can read.";
  throw new Flaw("token_malformed", `${found}: a signed token has 3 parts with dots between them, an encrypted one has 5.${opaque}`);
}

function decodeOrThrow(text, what) {
  const { flaw } = decode(text, what);
  if (flaw) throw flaw;
}

/** A header: its text, its tree, and its members. */
function readHeader(part, offset, flaws, what = "header") {
  const { bytes, flaw } = decode(part, what, offset);
  if (flaw) flaws.push(flaw);
  if (part === "") flaws.push(new Flaw("token_malformed", `The ${what} is empty.`));
  if (bytes?.length > MAX_HEADER) flaws.push(new Flaw("token_too_large", `The ${what} has ${bytes.length} bytes; verifiers take at most ${MAX_HEADER}.`));
  const text = bytes && textOf(bytes);
  if (text == null) {
    if (bytes) flaws.push(new Flaw("header_malformed", `The ${what} is not UTF-8 text.`));
    return { part, node: null, members: {} };
  }
  try {
    const { root, flaws: found } = parseJson(text, "header_malformed");
    flaws.push(...found.map((one) => new Flaw(one.code, `In the ${what}: ${one.message}`)));
    if (!root.object) throw new Flaw("header_malformed", "It is not a JSON object.");
    return { part, node: root, members: plain(root) };
  } catch (error) {
    flaws.push(new Flaw("header_malformed", `In the ${what}: ${error.message}`));
    return { part, node: null, members: {}, raw: text };
  }
}

/**
 * What was signed or encrypted: bytes, and their text, tree and members where they are some. It is taken for claims where the header
 * says so, or where it looks like JSON and the header says nothing else.
 */
export function readContent(bytes, flaws, { typ, cty }) {
  const text = bytes && textOf(bytes);
  const content = { bytes, text, node: null, members: null, isClaims: false };
  if (!bytes) return content;
  const isClaims = cty === undefined || /^(application\/)?(jwt|json)$/i.test(cty);
  const mustBeClaims = isClaims && ((cty === undefined && /(^|\+)jwt$/i.test(typ)) || /^\s*\{/.test(text ?? ""));
  try {
    if (text === null) throw new Flaw("claims_malformed", "The claims are not UTF-8 text.");
    const { root, flaws: found } = parseJson(text, "claims_malformed");
    if (!root.object) throw new Flaw("claims_malformed", "The claims are not a JSON object.");
    flaws.push(...found);
    Object.assign(content, { node: root, members: plain(root), isClaims });
  } catch (error) {
    if (mustBeClaims) flaws.push(error);
  }
  return content;
}

function readJws([head, body, tail]) {
  const [flaws, claimFlaws] = [[], []];
  const header = readHeader(head, 0, flaws);
  const payload = decode(body, "payload", head.length + 1);
  const signature = decode(tail, "signature", head.length + body.length + 2);
  for (const { flaw } of [payload, signature]) if (flaw) flaws.push(flaw);
  const content = readContent(payload.bytes, claimFlaws, header.members);
  const input = utf8(`${head}.${body}`);
  const signatures = [{ header, unprotected: null, members: header.members, bytes: signature.bytes, input }];
  return { form: "JWS", json: false, signatures, content, flaws, claimFlaws, detached: body === "" };
}

function readJwe([head, key, iv, ciphertext, tag]) {
  const flaws = [];
  const header = readHeader(head, 0, flaws);
  let offset = head.length + 1;
  const part = (text, what) => {
    const { bytes, flaw } = decode(text, what, offset);
    if (flaw) flaws.push(flaw);
    offset += text.length + 1;
    return bytes ?? new Uint8Array();
  };
  const recipients = [{ unprotected: null, members: header.members, key: part(key, "encrypted key") }];
  const sealed = { iv: part(iv, "initialization vector"), ciphertext: part(ciphertext, "ciphertext"), tag: part(tag, "authentication tag"), aad: utf8(head) };
  return { form: "JWE", json: false, header, recipients, sealed, flaws };
}

/** The flattened and general JSON serializations (RFC 7515 §7.2, RFC 7516 §7.2). */
function readJson(text) {
  const { root, flaws } = parseJson(text, "token_malformed");
  const string = (node, name) => {
    const found = member(node, name);
    if (found && found.string === undefined) flaws.push(new Flaw("token_malformed", `The member ${name} is not a string.`));
    return found?.string ?? "";
  };
  const bytes = (node, name) => {
    const { bytes: found, flaw } = decode(string(node, name), `member ${name}`);
    if (flaw) flaws.push(new Flaw(flaw.code, flaw.message.replace("of the token", "of it")));
    return found ?? new Uint8Array();
  };
  const header = (node) => (member(node, "protected") ? readHeader(string(node, "protected"), 0, flaws, "protected header") : { part: "", node: null, members: {} });
  const union = (...all) => {
    const names = all.flatMap((one) => Object.keys(plain(one) ?? {}));
    const twice = names.find((name, at) => names.indexOf(name) < at);
    if (twice) flaws.push(new Flaw("header_malformed", `Two headers have the member ${twice}.`));
    return Object.assign(Object.create(null), ...all.map((one) => plain(one) ?? {}));
  };
  if (member(root, "ciphertext")) {
    const head = header(root);
    const shared = member(root, "unprotected");
    const list = member(root, "recipients")?.array ?? [root];
    const recipients = list.map((one) => ({ unprotected: member(one, "header"), members: union(head.node, shared, member(one, "header")), key: bytes(one, "encrypted_key") }));
    const aad = member(root, "aad") ? `${head.part}.${string(root, "aad")}` : head.part;
    const sealed = { iv: bytes(root, "iv"), ciphertext: bytes(root, "ciphertext"), tag: bytes(root, "tag"), aad: utf8(aad) };
    return { form: "JWE", json: true, header: head, shared, recipients, sealed, flaws };
  }
  if (member(root, "kty") || member(root, "keys")) throw new Flaw("token_malformed", "This is a key or a key set, not a token. Paste it as the key.");
  if (!member(root, "signature") && !member(root, "signatures")) {
    throw new Flaw("token_malformed", "This JSON is neither a signed nor an encrypted token: it has no signature, signatures or ciphertext.");
  }
  const claimFlaws = [];
  const list = member(root, "signatures")?.array ?? [root];
  const payload = string(root, "payload");
  const heads = list.map(header);
  const unencoded = heads.some(({ members }) => members.b64 === false);
  const content = readContent(unencoded ? utf8(payload) : bytes(root, "payload"), claimFlaws, heads[0]?.members ?? {});
  const signatures = list.map((one, at) => ({
    header: heads[at],
    unprotected: member(one, "header"),
    members: union(heads[at].node, member(one, "header")),
    bytes: bytes(one, "signature"),
    input: utf8(`${heads[at].part}.${payload}`),
  }));
  return { form: "JWS", json: true, signatures, content, flaws, claimFlaws, detached: !member(root, "payload") };
}

/** A token with disclosures behind tildes, and perhaps the holder's proof (RFC 9901 §4). */
function readSdJwt(text) {
  const [jwt, ...rest] = text.split("~");
  const proof = rest.pop();
  const parts = jwt.split(".");
  if (parts.length !== 3) throw new Flaw("sd_jwt_malformed", `Before the first tilde there are ${parts.length} parts; an SD-JWT begins with a signed token of 3.`);
  const token = readJws(parts);
  if (rest.includes("")) token.flaws.push(new Flaw("sd_jwt_malformed", "Two tildes follow each other: a disclosure is empty."));
  const binding = proof ? proof.split(".") : null;
  if (binding && binding.length !== 3) token.flaws.push(new Flaw("sd_jwt_malformed", "What follows the last tilde is not a key binding: it has no 3 parts. An SD-JWT without one ends in a tilde."));
  return { ...token, form: "SD-JWT", disclosures: rest, binding: binding?.length === 3 ? readJws(binding) : null, presented: text.slice(0, text.length - proof.length) };
}

// What is shown of a token.
import { toHex } from "./encoding.js";
import { plain, pretty } from "./json.js";
import { CLAIMS, HEADER, TIMES, TYPES, inWords, shortType } from "./meanings.js";
import { code, copyButton, h, pre } from "./elements.js";
import { timeline } from "./timeline.js";
import { fromNow, isDate, local, utc } from "./times.js";

/** The most members that are shown one by one. */
const MAX_ROWS = 500;
const SIGNS = { pass: ["✓", "passed"], fail: ["✕", "failed"], warn: ["!", "note"], skip: ["–", "not checked"] };
const KINDS = { JWS: "Signed token", JWE: "Encrypted token", "SD-JWT": "Selective disclosure token" };

export const card = (title, kind, ...content) => h("section", { class: `card ${kind}` }, h("h3", {}, title), ...content);

/** Everything about the layers of a token, from the outside in. */
export const report = ({ layers, now }) => layers.map((layer, at) => layerReport(layer, at, layers.length, now));

function layerReport(layer, at, count, now) {
  const { token, checks, binding, disclosed, thumbprint } = layer;
  const title = count > 1 ? h("h2", { class: "layer" }, `${at + 1}. ${KINDS[token.form]}`) : null;
  const heads = token.header ? [token] : token.signatures;
  return [
    title,
    checksCard("Checks", checks),
    token.content?.members && timesCard(token.content.members, now),
    token.content && contentCard(token.content, now),
    disclosed && disclosureCards(disclosed, now),
    binding && checksCard("Key binding", binding),
    token.binding?.content.node && card("Claims of the key binding", "claims", members(token.binding.content.node, CLAIMS, now)),
    heads.map(({ header, unprotected }, number) => headerCard(header, unprotected, heads.length > 1 ? ` ${number + 1}` : "", now)),
    token.recipients && recipientsCard(token),
    thumbprint && card("Key of the proof", "header", h("p", {}, "Its thumbprint, which tokens bound to it have as ", code("cnf.jkt"), ":"), pre(thumbprint)),
    token.signatures && card("Signature", "signature", token.signatures.map(({ bytes }) => [h("p", {}, `${bytes?.length ?? 0} bytes`), bytes?.length ? pre(toHex(bytes)) : null])),
  ];
}

function checksCard(title, checks) {
  return card(title, "checks", h("ol", { class: "list" }, checks.list.map((check) => {
    const [sign, words] = SIGNS[check.state];
    return h("li", { class: check.state },
      h("span", { class: "sign", "aria-hidden": "true" }, sign),
      h("div", {}, h("strong", {}, check.name), h("span", { class: "unseen" }, ` ${words}: `), " ", check.words, check.code && [" ", code(check.code)], comparison(check)));
  })));
}

/** What was found beside what was wanted. */
export function comparison({ found, wanted }) {
  if (found === undefined && wanted === undefined) return null;
  return h("dl", { class: "compare" }, h("dt", {}, "found"), h("dd", {}, code(String(found ?? "nothing"))), h("dt", {}, "wanted"), h("dd", {}, code(String(wanted ?? "nothing"))));
}

function timesCard(claims, now) {
  const picture = timeline(claims, now);
  return picture && card("Times", "times", picture);
}

function contentCard(content, now) {
  if (content.node) return card("Claims", "claims", members(content.node, CLAIMS, now), asJson(content.node));
  if (content.text) return card("Payload", "claims", h("p", {}, "It is text, not a claims set."), pre(content.text));
  if (content.bytes?.length) return card("Payload", "claims", h("p", {}, `${content.bytes.length} bytes that are not text:`), pre(toHex(content.bytes)));
  return card("Payload", "claims", h("p", {}, content.bytes ? "It is empty." : "It cannot be decoded."));
}

function headerCard(header, unprotected, number, now) {
  return [
    header.node && card(`Header${number}`, "header", members(header.node, HEADER, now), asJson(header.node)),
    header.raw !== undefined && card(`Header${number}`, "header", pre(header.raw)),
    unprotected && card(`Unprotected header${number}`, "header", h("p", {}, "Nothing protects these members: anyone may have changed them."), members(unprotected, HEADER, now)),
  ];
}

function recipientsCard({ shared, recipients, json }) {
  if (!json) return null;
  return [shared, ...recipients.map(({ unprotected }) => unprotected)].filter(Boolean).map((node) => card("Unprotected header", "header", members(node, HEADER, 0)));
}

const asJson = (node) => h("details", {}, h("summary", {}, "As JSON"), copyButton("the JSON", () => pretty(node)), pre(pretty(node)));

/** The members of an object with what they mean. */
function members(node, meanings, now) {
  const names = node.object.map(([name]) => name);
  const more = names.length > MAX_ROWS && h("p", {}, `${names.length - MAX_ROWS} more members are shown only as JSON.`);
  const rows = h("dl", { class: "members" }, node.object.slice(0, MAX_ROWS).map(([name, value], at) => {
    const twice = names.indexOf(name) !== names.lastIndexOf(name);
    return h("div", {},
      h("dt", {}, code(name), twice && h("strong", { class: "twice" }, names.indexOf(name) === at ? "twice" : "again"), h("span", { class: "meaning" }, meanings[name])),
      h("dd", {}, valueOf(name, value, now)));
  }));
  return [rows, more];
}

function valueOf(name, node, now) {
  const value = plain(node);
  const line = node.string ?? pretty(node).replace(/\n\s*/g, " ");
  const shown = node.object || (node.array && line.length > 60) ? pre(pretty(node)) : code(line);
  if (TIMES.includes(name) && isDate(value)) {
    return [shown, h("p", { class: "words" }, h("strong", { "data-time": value }, fromNow(value, now)), ` · ${utc(value)} · ${local(value)}`)];
  }
  const words = name === "typ" ? TYPES[shortType(value)] : inWords(name, value);
  return [shown, words ? h("p", { class: "words" }, words) : null];
}

function disclosureCards({ payload, disclosures, hidden }, now) {
  const still = hidden === 0 ? "Nothing else is hidden." : `${hidden} ${hidden === 1 ? "digest stays" : "digests stay"} undisclosed: hidden claims, or decoys.`;
  const list = disclosures.map(({ text, digest, path, value, used, flaw }) => h("div", {},
    h("dt", {}, code(path ?? text), !used && h("strong", { class: "twice" }, flaw ? "broken" : "belongs to no digest")),
    h("dd", {}, value ? code(pretty(value).replace(/\n\s*/g, " ")) : null, h("p", { class: "words" }, "digest ", code(digest)))));
  return [
    card("Disclosures", "claims", h("p", {}, `${disclosures.length} disclosed. ${still}`), h("dl", { class: "members" }, list)),
    payload && card("Claims with what was disclosed", "claims", members(payload, CLAIMS, now), asJson(payload)),
  ];
}

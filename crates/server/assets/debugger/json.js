// JSON as verifiers read it: strictly, with duplicate members found and numbers kept as they are written.
import { Flaw, character } from "./encoding.js";

const MAX_DEPTH = 32;
const ESCAPES = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\", "/": "/" };

/**
 * Parses a text. The answer has the tree as `root` and as `flaws` what verifiers refuse although it can be shown. A node is
 * `{object: [[name, node]…]}`, `{array: [node…]}`, `{string}`, `{number}` (its text) or `{word}`.
 */
export function parseJson(text, code) {
  let at = 0;
  const flaws = [];
  const refuse = (wanted) => {
    const found = at < text.length ? character(text, at) : "the end";
    throw new Flaw(code, `The JSON is broken at character ${at + 1}: found ${found}, expected ${wanted}.`);
  };
  const space = () => {
    while (" \t\r\n".includes(text[at] ?? "x")) at++;
  };
  const take = (letter) => {
    space();
    if (text[at] !== letter) return false;
    at++;
    return true;
  };
  const need = (letter, wanted) => take(letter) || refuse(wanted);

  function string() {
    let out = "";
    const start = at++;
    for (;;) {
      const letter = text[at];
      if (letter === undefined || letter < " ") refuse("the rest of a string");
      at++;
      if (letter === '"') break;
      if (letter !== "\\") {
        out += letter;
      } else if (text[at] === "u") {
        const digits = text.slice(at + 1, at + 5);
        if (!/^[0-9a-f]{4}$/i.test(digits)) refuse("four hexadecimal digits");
        out += String.fromCharCode(parseInt(digits, 16));
        at += 5;
      } else {
        out += ESCAPES[text[at]] ?? refuse("an escape");
        at++;
      }
    }
    if (!out.isWellFormed()) flaws.push(new Flaw(code, `The string at character ${start + 1} is not Unicode: it has half of a surrogate pair.`));
    return out;
  }

  function object(depth) {
    const members = [];
    const names = new Set();
    at++;
    if (take("}")) return { object: members };
    do {
      space();
      if (text[at] !== '"') refuse("the name of a member in double quotes");
      const start = at;
      const name = string();
      if (names.has(name)) {
        flaws.push(new Flaw(code, `The member ${JSON.stringify(name)} is there twice, the second time at character ${start + 1}. Verifiers refuse this, because readers differ in which of the two they take.`));
      }
      if (name.includes("\0")) flaws.push(new Flaw(code, `The name of the member at character ${start + 1} contains U+0000.`));
      names.add(name);
      need(":", "a colon");
      members.push([name, value(depth + 1)]);
    } while (take(","));
    need("}", "a comma or }");
    return { object: members };
  }

  function array(depth) {
    const items = [];
    at++;
    if (take("]")) return { array: items };
    do items.push(value(depth + 1));
    while (take(","));
    need("]", "a comma or ]");
    return { array: items };
  }

  function value(depth) {
    space();
    const letter = text[at];
    if (depth >= MAX_DEPTH && (letter === "{" || letter === "[")) throw new Flaw(code, `The JSON is nested deeper than ${MAX_DEPTH} levels.`);
    if (letter === "{") return object(depth);
    if (letter === "[") return array(depth);
    if (letter === '"') return { string: string() };
    const token = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;
    token.lastIndex = at;
    const [found] = token.exec(text) ?? refuse("a value");
    at += found.length;
    return /[a-z]$/.test(found) ? { word: found } : { number: found };
  }

  const root = value(0);
  space();
  if (at < text.length) refuse("the end");
  return { root, flaws };
}

/** The value that a node stands for, as JavaScript has it; of members with one name the last. */
export function plain(node) {
  if (!node) return undefined;
  if (node.object) return Object.assign(Object.create(null), Object.fromEntries(node.object.map(([name, inner]) => [name, plain(inner)])));
  if (node.array) return node.array.map(plain);
  return node.string ?? JSON.parse(node.number ?? node.word);
}

/** The member of an object with this name. */
export const member = (node, name) => node?.object?.findLast(([known]) => known === name)?.[1];

/** Pretty-printed, with every number and every duplicate as it stands. */
export function pretty(node, indent = "") {
  const inner = `${indent}  `;
  const block = (open, lines, close) => (lines.length ? `${open}\n${lines.map((line) => inner + line).join(",\n")}\n${indent}${close}` : open + close);
  if (node.object) return block("{", node.object.map(([name, value]) => `${JSON.stringify(name)}: ${pretty(value, inner)}`), "}");
  if (node.array) return block("[", node.array.map((item) => pretty(item, inner)), "]");
  return node.string === undefined ? node.number ?? node.word : JSON.stringify(node.string);
}

/** A value as a node. */
export const nodeOf = (value) => parseJson(JSON.stringify(value)).root;

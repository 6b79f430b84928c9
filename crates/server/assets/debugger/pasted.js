// What people paste: a token with something around it.
import { Flaw } from "./encoding.js";
import { member, parseJson } from "./json.js";

/** Names under which tokens travel, the likeliest first. */
const NAMES = ["access_token", "id_token", "token", "access", "refresh_token", "refresh", "logout_token", "id_token_hint", "request", "response", "assertion", "client_assertion", "subject_token", "jwt"];
const QUOTES = { '"': '"', "'": "'", "`": "`", "“": "”", "„": "“", "«": "»", "<": ">" };

/** The token in a pasted text, and in words what was taken off. */
export function tokenIn(pasted) {
  const taken = [];
  let text = pasted;
  const off = (words, rest) => {
    if (rest === text) return false;
    if (words) taken.push(words);
    text = rest.trim();
    return true;
  };
  off("invisible characters", text.replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]/g, ""));
  if (text.trim() !== text) off("white space around it", text.trim());
  for (let changed = true; changed && text; ) {
    const quote = QUOTES[text[0]];
    changed =
      (quote && text.length > 1 && text.endsWith(quote) && off("quotes", text.slice(1, -1))) ||
      off("a comma or semicolon behind it", text.replace(/[,;]+$/, "")) ||
      header(text, off) ||
      fromAddress(text, off) ||
      response(text, off);
  }
  if (!text.startsWith("{") && /\s/.test(text)) {
    const breaks = (text.match(/\r\n|[\r\n]/g) ?? []).length;
    off(breaks ? `line breaks (${breaks}) and spaces inside it` : "spaces inside it", text.replace(/\s+/g, ""));
  }
  return { text, taken };
}

/** `curl -H`, the name of a header, an authentication scheme. */
function header(text, off) {
  const curl = /^(?:-H|--header)\s+/.exec(text);
  if (curl) return off("the option of curl", text.slice(curl[0].length));
  const name = /^["']?(authorization|dpop|proxy-authorization|x-[a-z-]+|cookie|set-cookie)["']?\s*:\s*/i.exec(text);
  if (name) return off(`“${name[1]}:”`, text.slice(name[0].length));
  const scheme = /^(bearer|dpop|jwt|token)\s+/i.exec(text);
  return scheme ? off(`“${scheme[1]}”`, text.slice(scheme[0].length)) : false;
}

/** An address or a form with the token among its parameters. */
function fromAddress(text, off) {
  const address = /^(?:[a-z][a-z0-9+.-]*:\/*[^\s?#]*)?[?#]/i.test(text);
  if (!address && !/^[\w-]+=[^=]/.test(text)) return false;
  const pairs = text.split(/[?#&]/).filter((pair) => pair.includes("="));
  const found = new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
  const name = NAMES.find((known) => found.has(known)) ?? [...found.keys()].find((known) => /^ey[\w-]+\./.test(found.get(known)));
  if (!name) return false;
  const others = NAMES.filter((known) => known !== name && found.has(known));
  const rest = others.length ? `; ignored beside it: ${others.join(", ")}` : "";
  let value = found.get(name).replace(/\+/g, " ");
  try {
    value = decodeURIComponent(value);
  } catch {
    // It stays as it is.
  }
  return off(`${address ? "the address" : "the form"} around its parameter “${name}”${rest}`, value);
}

/** The JSON of a token response. */
function response(text, off) {
  if (!text.startsWith("{")) return false;
  let root;
  try {
    root = parseJson(text, "token_malformed").root;
  } catch {
    return false;
  }
  const name = NAMES.find((known) => member(root, known)?.string);
  if (!name || member(root, "payload") || member(root, "ciphertext")) return false;
  const others = NAMES.filter((known) => known !== name && member(root, known)?.string);
  const rest = others.length ? `; ignored beside it: ${others.join(", ")}` : "";
  return off(`the JSON around its member “${name}”${rest}`, member(root, name).string);
}

/** What something is that is no token, where it is something known. */
export function refuseOthers(text) {
  if (/^-----BEGIN/.test(text)) throw new Flaw("token_malformed", "This is a key or a certificate in PEM, not a token. Paste it as the key.");
}

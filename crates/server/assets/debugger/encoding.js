// Bytes and texts, and what is wrong with them.

/** Why something is refused: Jeton's code for it (docs/errors.md), and words. */
export class Flaw extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** What cannot be found out here, by no fault of the token. */
export class Unable extends Flaw {
  constructor(message) {
    super(null, message);
  }
}

/** The browser's cryptography, which pages that came over plain http do not have. */
export function subtle() {
  if (!crypto.subtle) throw new Unable("The browser has no cryptography for pages that came over http. Open the debugger over https, or a saved copy.");
  return crypto.subtle;
}

export const utf8 = (text) => new TextEncoder().encode(text);

/** The text of UTF-8, or nothing where the bytes are none. */
export function textOf(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export function fromHex(text) {
  const digits = text.replace(/[\s:]/g, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Flaw("key_member_malformed", "This is not hexadecimal.");
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function concat(...parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

export function toBase64url(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** A character as a person finds it: quoted where it can be seen, with its number where it may look like another. */
export function character(text, at) {
  const letter = String.fromCodePoint(text.codePointAt(at));
  const number = `U+${letter.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  if (/^[!-~]$/.test(letter)) return `“${letter}”`;
  return /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(letter) ? `“${letter}” (${number})` : number;
}

const WHY = {
  "+": ", which is base64, not base64url",
  "/": ", which is base64, not base64url",
  "=": ": tokens have no padding",
  "…": ": the token was shortened when it was copied",
};

/**
 * Decodes base64url. `bytes` are there whenever they can be guessed, so that they can be shown; `flaw` says why a verifier refuses
 * the text. `offset` is where it begins in the token.
 */
export function decode(text, what, offset = 0) {
  const bad = text.search(/[^A-Za-z0-9_-]/);
  const guess = text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const flaw = (words) => new Flaw("token_malformed", words);
  const readable = /^[A-Za-z0-9_-]*$/.test(guess) && guess.length % 4 !== 1;
  const bytes = readable
    ? Uint8Array.from(atob(guess.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0))
    : null;
  if (bad >= 0) {
    const place = `character ${offset + bad + 1} of the token`;
    return { bytes, flaw: flaw(`The ${what} is not base64url: ${place} is ${character(text, bad)}${WHY[text[bad]] ?? ""}.`) };
  }
  if (text.length % 4 === 1) {
    return { bytes, flaw: flaw(`The ${what} has ${text.length} characters, which base64url never has: one is missing or too many.`) };
  }
  if (toBase64url(bytes) !== text) {
    return { bytes, flaw: flaw(`The last character of the ${what}, ${character(text, text.length - 1)}, sets bits that stand for nothing.`) };
  }
  return { bytes, flaw: null };
}

/** The bytes of base64url, or a refusal with this code. */
export function fromBase64url(text, what, code = "token_malformed") {
  const { bytes, flaw } = decode(String(text), what);
  if (flaw) throw new Flaw(code, flaw.message.replace(" of the token", ""));
  return bytes;
}

export const digest = async (name, bytes) => new Uint8Array(await subtle().digest(name, bytes));

/** SHA-256 in base64url: of disclosures, access tokens and keys. */
export const hash = async (text) => toBase64url(await digest("SHA-256", utf8(text)));

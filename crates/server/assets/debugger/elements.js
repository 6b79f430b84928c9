// Making elements. Texts become text nodes, so nothing in a token is ever taken for markup.

const SVG = "http://www.w3.org/2000/svg";

/** Characters that hide, or change the direction of what follows them. */
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** A text with its hidden characters as escapes, as JSON has them. */
const visible = (text) => text.replace(HIDDEN, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value);
  }
  const shown = children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
  element.append(...shown.map((child) => (child instanceof Node ? child : visible(String(child)))));
  return element;
}

/** An element of HTML; attributes that are functions are listeners. */
export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);

/** An element of SVG. */
export const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/** Tokens, keys and names from them: always left to right. */
export const code = (text) => h("code", { dir: "ltr" }, text);
export const pre = (text) => h("pre", { dir: "ltr", tabindex: "0" }, text);

export const byId = (id) => document.getElementById(id);

/** A button that copies what `text` answers. */
export function copyButton(what, text) {
  const button = h("button", { type: "button", class: "quiet small", "aria-label": `Copy ${what}`, async click() {
    const done = await navigator.clipboard.writeText(text()).then(() => "Copied", () => "Not copied");
    button.textContent = done;
    setTimeout(() => (button.textContent = "Copy"), 2000);
  } }, "Copy");
  return button;
}

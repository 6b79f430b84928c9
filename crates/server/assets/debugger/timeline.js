// The times of a token as a picture.
import { h, s } from "./elements.js";
import { fromNow, isDate, span } from "./times.js";

const WORDS = { iat: "issued", nbf: "not before", exp: "expires" };
const CLOSE = 17;

/** A line with the times of a token and now, and a sentence that says the same. */
export function timeline(members, now) {
  const points = Object.keys(WORDS).filter((name) => isDate(members[name])).map((name) => ({ at: members[name], label: WORDS[name] }));
  if (!points.length) return null;
  const all = [...points.map(({ at }) => at), now];
  const [first, last] = [Math.min(...all), Math.max(...all)];
  const place = (at) => (last === first ? 50 : 4 + (92 * (at - first)) / (last - first));
  const x = (at) => `${place(at).toFixed(2)}%`;
  const start = Math.max(members.nbf ?? -Infinity, members.iat ?? -Infinity, first);
  const end = isDate(members.exp) ? members.exp : last;
  const line = (from, to, kind) => s("line", { x1: x(from), x2: x(to), y1: 34, y2: 34, class: kind });
  const text = (at, y, words, kind) => s("text", { x: x(at), y, "text-anchor": place(at) < 14 ? "start" : place(at) > 86 ? "end" : "middle", class: kind }, words);
  const picture = s("svg", { class: "timeline", role: "img", height: 66, width: "100%", "aria-label": sentence(members, now) },
    line(first, last, "whole"),
    end > start && line(start, end, "valid"),
    points.map(({ at }) => s("circle", { cx: x(at), cy: 34, r: 5, class: "point" })),
    joined(points, place).map(({ at, label }) => text(at, 58, label)),
    s("line", { x1: x(now), x2: x(now), y1: 20, y2: 44, class: "now" }),
    text(now, 14, "now", "now"));
  return h("figure", {}, picture, h("figcaption", {}, sentence(members, now)));
}

/** Labels that would overlap share one. */
function joined(points, place) {
  const labels = [];
  for (const point of points.toSorted((one, other) => one.at - other.at)) {
    const before = labels.at(-1);
    if (before && place(point.at) - place(before.at) < CLOSE) before.label += `, ${point.label}`;
    else labels.push({ ...point });
  }
  return labels;
}

function sentence({ iat, nbf, exp }, now) {
  const words = [];
  if (isDate(iat)) words.push(`issued ${fromNow(iat, now)}`);
  if (isDate(nbf) && nbf !== iat) words.push(`${nbf > now ? "not valid until" : "valid since"} ${fromNow(nbf, now)}`);
  if (isDate(exp)) words.push(`${exp > now ? "expires" : "expired"} ${fromNow(exp, now)}`);
  if (isDate(iat) && isDate(exp)) words.push(exp > iat ? `lifetime ${span(exp - iat)}` : `but it expired before it was issued`);
  const text = words.join(", ");
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

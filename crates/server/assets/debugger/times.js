// Times in words.
const LATEST = 253402300799;
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const UNITS = [["year", 31556952], ["month", 2629746], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** The clock, in seconds. */
export const clock = () => Math.floor(Date.now() / 1000);

/** Whether a number is a date that verifiers accept: in seconds, in the years 1970 to 9999. */
export const isDate = (value) => typeof value === "number" && value >= 0 && value <= LATEST;

/** `3 minutes ago`, `in 2 hours`. */
export function fromNow(seconds, now) {
  const apart = Math.trunc(seconds - now);
  const [unit, length] = UNITS.find(([, size]) => Math.abs(apart) >= size) ?? UNITS.at(-1);
  return relative.format(Math.trunc(apart / length), unit);
}

/** `5 minutes`, `1 day 2 hours`. */
export function span(seconds) {
  const words = [];
  let left = Math.round(Math.abs(seconds));
  for (const [unit, length] of UNITS) {
    const count = Math.floor(left / length);
    left -= count * length;
    if (count && words.length < 2) words.push(`${count} ${unit}${count === 1 ? "" : "s"}`);
  }
  return words.join(" ") || "0 seconds";
}

export const local = (seconds) => absolute.format(seconds * 1000);
export const utc = (seconds) => new Date(seconds * 1000).toISOString().replace("T", " ").replace(/(\.000)?Z$/, " UTC");

// What the programs here say to the suite: a line of JSON for each thing that happened.
import { writeSync } from "node:fs";
import { createServer } from "node:http";

const say = (event) => writeSync(1, `${JSON.stringify(event)}\n`);

/** Carries out a step and says how it ended. The first that fails ends the program. */
export async function step(sentence, act) {
  try {
    const value = await act();
    say({ done: sentence });
    return value;
  } catch (error) {
    const causes = [];
    for (let cause = error; cause; cause = cause.cause) {
      causes.push(cause.message ?? JSON.stringify(cause));
    }
    say({ failed: { step: sentence, why: causes.join(": ") } });
    process.exit(1);
  }
}

/** `fetch`, with what went over the wire said. */
export async function shownFetch(url, options) {
  const response = await fetch(url, options);
  const body = response.ok ? "" : ` ${await response.clone().text()}`;
  say({ exchange: `${options?.method ?? "GET"} ${url}: ${response.status}${body}` });
  return response;
}

/** Sends the person to an address and answers the one on this port that they come back to. */
export function visit(url, port) {
  return new Promise((resolve) => {
    const server = createServer((request, response) => {
      response.setHeader("connection", "close").end("Back at the application.");
      server.close();
      resolve(new URL(request.url, `http://127.0.0.1:${port}`));
    });
    server.listen(port, "127.0.0.1", () => say({ visit: String(url) }));
  });
}

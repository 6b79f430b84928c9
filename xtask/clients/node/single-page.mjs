// Serves the single-page application to the browser of this machine.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const here = (path) => readFileSync(new URL(path, import.meta.url));
const scripts = new Map([
  ["/single-page.js", here("single-page.js")],
  ["/oidc-client-ts.min.js", here("node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js")],
]);
const page = here("single-page.html");

createServer((request, response) => {
  const script = scripts.get(request.url);
  response.setHeader("content-type", script ? "text/javascript" : "text/html; charset=utf-8").end(script ?? page);
}).listen(process.env.PORT, "localhost");

// Serves an API with the page's reader of the revocation feed: `GET /` with an access token, and `GET /ready`.
import { createServer } from "node:http";
import { revocations, verify } from "./api.mjs";

createServer(async (request, answer) => {
  if (request.url === "/ready") return answer.writeHead(revocations.upToDate ? 200 : 503).end();
  try {
    await verify((request.headers.authorization ?? "").replace("Bearer ", ""));
    answer.writeHead(200).end();
  } catch (error) {
    answer.writeHead(401).end(error.message);
  }
}).listen(Number(process.env.PORT), "127.0.0.1");

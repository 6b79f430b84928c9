"""Serves an API with the page's reader of the revocation feed: `GET /` with an access token, and `GET /ready`."""
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from api import revocations, verify


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/ready":
            return self.answer(200 if revocations.up_to_date else 503, "")
        try:
            verify(self.headers.get("Authorization", "").removeprefix("Bearer "))
        except Exception as error:
            return self.answer(401, str(error))
        self.answer(200, "")

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()

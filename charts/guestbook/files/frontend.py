"""The guestbook's front end: passes lines to the back end, which it finds by its cluster DNS name."""

import json
import os
import socket
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME = os.environ.get("BACKEND", "guestbook-backend.default.svc.cluster.local")


def backend():
    """The back end's address: by DNS, or where a host process has no cluster DNS, from the Service's environment."""
    try:
        return socket.gethostbyname(NAME)
    except OSError:
        return os.environ["GUESTBOOK_BACKEND_SERVICE_HOST"]


def ask(data=None):
    request = urllib.request.Request(f"http://{backend()}:8080/entries", data=data)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/healthz":
            return self.answer(200, "ok\n")
        return self.pass_on(lambda: "guestbook: " + "; ".join(ask()["entries"] or ["nobody has written yet"]) + "\n")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return self.pass_on(lambda: f"thank you: {ask(body)['written']}\n")

    def pass_on(self, work):
        try:
            return self.answer(200, work())
        except (OSError, KeyError) as error:
            return self.answer(502, f"the back end {NAME} does not answer: {error}\n")

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    address = (os.environ.get("POD_IP", "0.0.0.0"), 8080)
    print("front end listens on", address, flush=True)
    ThreadingHTTPServer(address, Handler).serve_forever()

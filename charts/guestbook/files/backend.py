"""The guestbook's back end: keeps lines in a file and hands them out as JSON."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BOOK = os.path.join(os.environ.get("DATA", "/data"), "book.txt")
LOCK = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/healthz":
            return self.answer(200, {"ok": True})
        with LOCK:
            lines = Path(BOOK).read_text().splitlines() if os.path.exists(BOOK) else []
        return self.answer(200, {"entries": lines, "served_by": os.environ.get("POD_NAME", "")})

    def do_POST(self):
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode().strip()
        if not text:
            return self.answer(400, {"error": "the body is the line to write, and it is empty"})
        with LOCK, open(BOOK, "a") as book:
            book.write(" ".join(text.split()) + "\n")
            book.flush()
            os.fsync(book.fileno())
        return self.answer(201, {"written": text})

    def answer(self, status, data):
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    os.makedirs(os.path.dirname(BOOK), exist_ok=True)
    address = (os.environ.get("POD_IP", "0.0.0.0"), 8080)
    print("back end listens on", address, flush=True)
    ThreadingHTTPServer(address, Handler).serve_forever()

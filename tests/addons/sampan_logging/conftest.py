"""A small Elasticsearch over real HTTP, and the makings of entries."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sampan_logging.entries import Entry, Progress, Source
from sampan_logging.lines import LinePosition, digest

SECOND = 1_000_000_000
NOW = 1_790_000_000 * SECOND


def make_source(pod: str = "web", container: str = "main", **more: Any) -> Source:
    return Source("default", pod, f"uid-{pod}", "node", container, **more)


def make_entry(*texts: str, at: int = NOW, run: int = 0, of: Source | None = None, **more: Any) -> Entry:
    lines = [(at + n, 0, text.encode()) for n, text in enumerate(texts)]
    last = LinePosition(lines[-1][0], 0, digest(lines[-1][2])) if lines else None
    return Entry(of or make_source(), Progress(run, last, **more), lines)


@pytest.fixture
def source():
    return make_source


@pytest.fixture
def entry():
    return make_entry


class FakeElastic:
    """Takes bulks into ``documents``; ``answer_item`` decides each item's fate, ``answer`` a whole request's."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.documents: dict[str, dict[str, Any]] = {}
        self.indices: set[str] = set()
        self.major = 9
        self.answer: Callable[[str, str], tuple[int, Any] | None] = lambda method, path: None
        self.answer_item: Callable[[str, dict], tuple[int, Any] | None] = lambda identifier, document: None
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = self.path.partition("?")[0]
                headers = {name.lower(): value for name, value in self.headers.items()}
                fake.requests.append((self.command, self.path, headers))
                status, said = fake.serve(self.command, path, headers, body)
                data = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", headers.get("accept", "application/json"))
                self.send_header("X-Elastic-Product", "Elasticsearch")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = serve

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        for name in ("accept", "content-type"):
            asked = re.search(r"compatible-with=(\d+)", headers.get(name, ""))
            if asked and int(asked[1]) > self.major:
                error = {"type": "media_type_header_exception", "reason": f"Invalid media-type value on [{name}]"}
                return 400, {"error": error, "status": 400}
        special = self.answer(method, path)
        if special is not None:
            return special
        if path == "/":
            return 200, {"version": {"number": f"{self.major}.0.0"}}
        if path == "/_bulk":
            lines = [json.loads(line) for line in body.splitlines()]
            items = [
                self._create(line["create"], document) for line, document in zip(lines[::2], lines[1::2], strict=True)
            ]
            return 200, {"took": 1, "errors": True, "items": items}
        if method == "GET":
            return 200, {name: {"settings": {}} for name in self.indices}
        if method == "DELETE":
            self.indices.discard(path.strip("/"))
        return 200, {"acknowledged": True}

    def _create(self, meta: dict[str, str], document: dict[str, Any]) -> dict[str, Any]:
        identifier = meta["_id"]
        special = self.answer_item(identifier, document)
        if special is not None:
            return {"create": {"_id": identifier, "status": special[0], "error": special[1]}}
        if identifier in self.documents:
            error = {"type": "version_conflict_engine_exception", "reason": "document already exists"}
            return {"create": {"_id": identifier, "status": 409, "error": error}}
        self.documents[identifier] = {**document, "_index": meta["_index"]}
        return {"create": {"_id": identifier, "status": 201}}

    @property
    def messages(self) -> list[str]:
        return [document["message"] for document in self.documents.values()]


@pytest.fixture
def fake():
    server = FakeElastic()
    yield server
    server.close()

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from sampan_cri.client import CONTENT, EVENTS, STORED, Client
from sampan_cri.messages import IMAGES, MESSAGES, RUNTIME, names
from sampan_grpc.wire import decode, encode

STREAMS = ("GetContainerEvents", "Subscribe", "Read")


class FakeRuntime(grpc.GenericRpcHandler):
    """A CRI server in this process. ``answers`` maps methods to what they answer: a dict, an exception with a gRPC code
    and words, or a function of the request; for streams an iterable of dicts. ``asked`` has all that was asked."""

    def __init__(self, path):
        self.path, self.answers, self.asked = str(path), {}, []
        self._server = grpc.server(ThreadPoolExecutor(8), handlers=(self,))
        self._server.add_insecure_port(f"unix://{path}")
        self._server.start()

    def close(self):
        self._server.stop(None).wait()

    def service(self, details):
        service, _, method = details.method.lstrip("/").partition("/")
        if service not in (RUNTIME, IMAGES, EVENTS, STORED, CONTENT) or method not in self.answers:
            return None
        request, answer = names(method)
        streams = method in STREAMS
        make = grpc.unary_stream_rpc_method_handler if streams else grpc.unary_unary_rpc_method_handler
        return make(
            lambda given, context: self._answer(method, given, context),
            request_deserializer=lambda data: decode(MESSAGES, request, data),
            response_serializer=lambda found: encode(MESSAGES, answer, found),
        )

    def _answer(self, method, request, context):
        self.asked.append((method, request))
        found = self.answers[method]
        found = found(request) if callable(found) else found
        if isinstance(found, Refusal):
            context.abort(found.code, found.words)
        return iter(found) if method in STREAMS else found

    def requests(self, method):
        return [request for name, request in self.asked if name == method]


class Refusal:
    def __init__(self, code, words):
        self.code, self.words = getattr(grpc.StatusCode, code), words


@pytest.fixture
def refusal():
    return Refusal


@pytest.fixture
def fake(tmp_path):
    found = FakeRuntime(tmp_path / "cri.sock")
    found.answers["Version"] = {"runtime_name": "fake", "runtime_version": "9", "runtime_api_version": "v1"}
    yield found
    found.close()


@pytest.fixture
def client(fake):
    found = Client(fake.path)
    yield found
    found.close()


@pytest.fixture
def in_background():
    """Run something on a thread; joined at the end."""
    threads = []

    def begin(work):
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        threads.append(thread)
        return thread

    yield begin
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()

"""Events of a real API server, sent to a server by a kubeconfig file."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sampan_machinery.resources import CONFIG_MAPS
from sampan_testing.cluster import start


@pytest.fixture
def receiver():
    """(its URL, the events that it was sent)"""
    events = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            events.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["items"])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/audit", events
    server.shutdown()
    server.server_close()
    thread.join()


def test_events_reach_the_webhook_and_no_file(tmp_path, receiver):
    url, events = receiver
    config = {
        "apiVersion": "v1", "kind": "Config", "current-context": "a",
        "clusters": [{"name": "a", "cluster": {"server": url}}], "users": [{"name": "a", "user": {}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
    }  # fmt: skip
    path = tmp_path / "webhook.yaml"
    path.write_text(json.dumps(config))
    settings = {"audit": {"enabled": True, "log": "", "webhook": str(path)}}
    with start(only=("audit", "config"), control=False, settings=settings) as cluster:
        cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "a"}}, "default")

        assert cluster.until(lambda: [each for each in events if each["objectRef"].get("name") == "a"])
        assert events[0]["verb"] == "create"


def test_how_many_events_were_written_is_shown():
    with start(only=("audit", "config"), control=False, settings={"audit": {"enabled": True}}) as cluster:
        cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "a"}}, "default")

        assert cluster.until(lambda: "apiserver_audit_event_total 1.0" in metrics(cluster))


def metrics(cluster):
    return cluster.client.request("GET", "/metrics").body.decode()

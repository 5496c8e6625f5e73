"""What audit and flow control cost a GET, in CPU time of its thread: ``python tests/bench/chain.py``.

In process, without sockets: the whole of such a request over HTTP takes about 80 microseconds.
"""

from __future__ import annotations

import io
import tempfile
import time
from pathlib import Path
from typing import Any

from sampan.contracts.access import User
from sampan_machinery.resources import CONFIG_MAPS
from sampan_server.request.request import Request
from sampan_testing.cluster import start

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: "
PATH = "/api/v1/namespaces/default/configmaps/a"
OFF = {"enabled": False}
NODE, MASTER = User("jane", ("system:nodes",)), User("admin", ("system:masters",))
COUNT, ROUNDS = 5_000, 8


def measure(audit: dict[str, Any], flowcontrol: dict[str, Any], user: User) -> float:
    """Microseconds a request, of the best round."""
    settings = {"audit": audit, "flowcontrol": flowcontrol}
    with start(only=("config", "audit", "flowcontrol"), control=False, settings=settings) as cluster:
        cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "a"}, "data": {"key": "x" * 800}}, "default")
        front, best = cluster.app.front, float("inf")
        for _ in range(ROUNDS):
            begun = time.thread_time()
            for _ in range(COUNT):
                environ = {
                    "REQUEST_METHOD": "GET", "PATH_INFO": PATH, "QUERY_STRING": "resourceVersion=0",
                    "sampan.user": user, "wsgi.input": io.BytesIO(b""), "HTTP_USER_AGENT": "bench",
                }  # fmt: skip
                front.answer(Request(environ))
            best = min(best, (time.thread_time() - begun) / COUNT)
        return best * 1e6


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, rules in (("none", "[{level: None}]"), ("all", "[{level: Metadata}]")):
            (Path(folder) / name).write_text(HEAD + rules + "\n")
        none = {"enabled": True, "policy": f"{folder}/none"}
        everything = {"enabled": True, "policy": f"{folder}/all", "backlog": 100}
        for what, audit, flow, user in (
            ("both off", OFF, OFF, NODE), ("audit, no rule names it", none, OFF, NODE),
            ("audit, it is logged", everything, OFF, NODE), ("flow control, exempt", OFF, {}, MASTER),
            ("flow control, limited", OFF, {}, NODE),
        ):  # fmt: skip
            print(f"{what:26} {measure(audit, flow, user):6.1f} us", flush=True)


if __name__ == "__main__":
    main()

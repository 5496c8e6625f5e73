"""Admitters that block (webhooks): on threads of the pool, in their order, while the write is parked."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from sampan.contracts.access import User
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind, Resource
from sampan.contracts.serving import Subresource
from sampan.hookspecs import hookimpl
from sampan_isolation import Deadlines
from sampan_testing.cluster import until

CMS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
PODS = "/api/v1/namespaces/default/pods"


class Slow:
    """Waits until it is let go; ``threads`` are those it was asked on."""

    operations, priority, blocking = frozenset({"*"}), 500, True

    def __init__(self, name: str = "slow", *, mutates: bool = False, resources: Any = ("configmaps",)) -> None:
        self.name, self.mutates, self.resources = name, mutates, frozenset(resources)
        self.entered, self.go = threading.Semaphore(0), threading.Event()
        self.asked: list[tuple[str, str, str]] = []
        self.threads: list[threading.Thread] = []
        self.refuse = ""
        self.dry: list[bool] = []

    def admit(self, review: Review) -> None:
        self.asked.append((review.operation, review.subresource, review.name))
        self.threads.append(threading.current_thread())
        self.dry.append(review.dry_run)
        self.entered.release()
        self.go.wait(300)
        review.warnings.append(f"{self.name} was asked")
        if self.refuse:
            raise review.forbidden(self.refuse)
        if self.mutates and review.object is not None:
            review.object.setdefault("data", {})["order"] = review.object.get("data", {}).get("order", "") + self.name


class Ours:
    """A plugin of sampan's own, as far as isolation is concerned."""

    __name__ = "sampan_config.test_blocking"

    def __init__(self, *admitters: Any) -> None:
        self.admitters = admitters

    @hookimpl
    def contribute_admitters(self) -> Any:
        return self.admitters


class Counting:
    """Knows callers by X-User; counts how often the chain asks."""

    name, inline = "counting", True

    def __init__(self) -> None:
        self.asked = 0

    @hookimpl
    def contribute_authenticators(self) -> Any:
        return [self]

    def authenticate(self, credentials: Any) -> User:
        self.asked += 1
        return User("admin", ("system:masters",))


@pytest.fixture(params=["ours", "third-party"])
def slow(request: Any) -> Slow:
    found = Slow()
    found.ours = request.param == "ours"
    return found


@pytest.fixture
def served(make: Any, shapes: Any, on_loop: Any, slow: Slow) -> Any:
    extra = shapes.Extra()
    if not slow.ours:
        extra.admitters = [slow]
    more = {"slow": Ours(slow)} if slow.ours else {}
    api = make(extra, more=more, deadlines=Deadlines(request=300.0))
    yield on_loop(api)
    slow.go.set()


def test_others_are_served_while_a_write_waits_and_it_is_asked_once(served: Any, slow: Slow, shapes: Any) -> None:
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(served.ask("POST", CMS, shapes.config_map("a"))))
    asking.start()
    assert slow.entered.acquire(timeout=30)

    assert served.ask("GET", f"{CMS}/none")[0] == 404
    assert served.ask("POST", PODS, shapes.pod("p"))[0] == 201
    assert not answers
    slow.go.set()
    asking.join()

    assert answers[0][0] == 201
    assert slow.asked == [("CREATE", "", "a")]
    assert served.server_thread not in slow.threads


def test_many_wait_side_by_side(served: Any, slow: Slow, shapes: Any) -> None:
    answers: list[int] = []
    asking = [
        threading.Thread(target=lambda n=n: answers.append(served.ask("POST", CMS, shapes.config_map(f"c{n}"))[0]))
        for n in range(8)
    ]
    for thread in asking:
        thread.start()
    for _ in asking:
        assert slow.entered.acquire(timeout=30)
    slow.go.set()
    for thread in asking:
        thread.join()

    assert answers == [201] * 8


def test_a_refusal_and_its_warnings_reach_the_client(served: Any, slow: Slow, shapes: Any) -> None:
    slow.refuse = "no"
    slow.go.set()
    connection = served.connect()
    connection.request("POST", CMS, '{"metadata": {"name": "a"}}', {"Content-Type": "application/json"})
    answer = connection.getresponse()
    said = answer.read()
    connection.close()

    assert answer.status == 403
    assert b'configmaps \\"a\\" is forbidden: no' in said
    assert answer.getheader("Warning") == '299 - "slow was asked"'
    assert served.ask("GET", f"{CMS}/a")[0] == 404


def test_every_kind_of_write_passes_it(served: Any, slow: Slow, shapes: Any) -> None:
    slow.go.set()

    assert served.ask("POST", CMS, shapes.config_map("a"))[0] == 201
    assert served.ask("POST", f"{CMS}?dryRun=All", shapes.config_map("b"))[0] == 201
    assert served.ask("PUT", f"{CMS}/a", shapes.config_map("a", x="1"))[0] == 200
    patch = {"data": {"y": "2"}}
    assert served.ask("PATCH", f"{CMS}/a", patch, Content_Type="application/merge-patch+json")[0] == 200
    config_map = {**shapes.config_map("c"), "metadata": {"name": "c"}}
    apply = f"{CMS}/c?fieldManager=me"
    assert served.ask("PATCH", apply, config_map, Content_Type="application/apply-patch+yaml")[0] == 201
    assert served.ask("DELETE", f"{CMS}/a")[0] == 200
    assert served.ask("DELETE", CMS)[0] == 200

    assert slow.asked == [
        ("CREATE", "", "a"), ("CREATE", "", "b"), ("UPDATE", "", "a"), ("UPDATE", "", "a"), ("CREATE", "", "c"),
        ("DELETE", "", "a"), ("DELETE", "", "c"),
    ]  # fmt: skip
    assert slow.dry == [False, True, *[False] * 5]


def test_a_write_from_within_the_server_passes_it(served: Any, slow: Slow, shapes: Any) -> None:
    slow.go.set()

    served.api.app.cluster.create(Resource("", "v1", "configmaps", "ConfigMap"), shapes.config_map("a"), "default")

    assert slow.asked == [("CREATE", "", "a")]


def test_a_client_that_leaves_meanwhile_leaves_a_whole_write(served: Any, slow: Slow) -> None:
    body = b'{"metadata": {"name": "a"}}'
    sock = socket.create_connection(served.listener.getsockname())
    head = f"POST {CMS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    sock.sendall(head.encode() + body)
    assert slow.entered.acquire(timeout=30)
    sock.close()
    slow.go.set()

    until(lambda: served.ask("GET", f"{CMS}/a")[0] == 200)


def test_subresources_pass_it(make: Any, shapes: Any, on_loop: Any) -> None:
    slow = Slow(resources={"deployments.apps", "pods", "nodes"})
    slow.go.set()
    server = on_loop(make(shapes.Extra(), more={"slow": Ours(slow)}))
    assert server.ask("POST", DEPLOYMENTS, shapes.deployment("d"))[0] == 201
    scale = {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {"name": "d"}, "spec": {"replicas": 3}}

    assert server.ask("PUT", f"{DEPLOYMENTS}/d/scale", scale)[1]["spec"] == {"replicas": 3}
    status = {**shapes.deployment("d"), "status": {"replicas": 3}}
    assert server.ask("PUT", f"{DEPLOYMENTS}/d/status", status)[0] == 200

    assert slow.asked == [("CREATE", "", "d"), ("UPDATE", "scale", "d"), ("UPDATE", "status", "d")]


def test_the_chain_runs_once_and_the_order_is_kept(make: Any, shapes: Any, on_loop: Any) -> None:
    counting = Counting()
    first, last = Slow("first", mutates=True), Slow("last", mutates=True)
    first.priority, last.priority = 1, 999
    first.go.set()
    last.go.set()

    class Between:
        name, operations, mutates, priority = "between", frozenset({"CREATE"}), True, 500
        resources = frozenset({"configmaps"})

        def admit(self, review: Review) -> None:
            assert review.object is not None
            review.object["data"]["order"] += "|"

    server = on_loop(make(shapes.Extra(), more={"ours": Ours(first, last, Between()), "counting": counting}))

    status, said = server.ask("POST", CMS, shapes.config_map("a"), X_User="")

    assert (status, said["data"]["order"]) == (201, "first|last")
    assert len(first.asked) == len(last.asked) == counting.asked == 1


def test_an_admitter_that_raises_is_an_internal_error_and_the_server_goes_on(
    make: Any, shapes: Any, on_loop: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Odd(Slow):
        def admit(self, review: Review) -> None:
            raise RuntimeError("a secret")

    server = on_loop(make(shapes.Extra(), more={"ours": Ours(Odd())}))

    status, said = server.ask("POST", CMS, shapes.config_map("a"))

    assert status == 500 and "a secret" not in said["message"]
    assert server.ask("GET", CMS)[0] == 200


@pytest.mark.parametrize("blocking", [True, False])
def test_what_is_served_below_an_object_passes_it_first(make: Any, shapes: Any, on_loop: Any, blocking: bool) -> None:
    served = []

    def serve(call: Any) -> dict[str, Any]:
        served.append(call.subresource)
        return {"kind": "Sail", "apiVersion": "v1", "said": call.body() if call.subresource == "token" else {}}

    boats = Kind(
        group="example.org", version="v1", kind="Boat", plural="boats", schema={"type": "object"},
        subresources=(
            Subresource(name="sail", kind="Sail", serve=serve, blocking=blocking, connects=True),
            Subresource(name="token", kind="Sail", serve=serve, blocking=blocking, admits=True),
        ),
    )  # fmt: skip
    slow, extra = Slow(resources={"boats.example.org"}), shapes.Extra()
    slow.go.set()
    extra.kinds = [boats]
    server = on_loop(make(extra, more={"ours": Ours(slow)}))
    path = "/apis/example.org/v1/namespaces/default/boats"
    assert server.ask("POST", path, {"metadata": {"name": "b"}})[0] == 201

    assert server.ask("POST", f"{path}/b/sail")[0] == 201
    assert server.ask("POST", f"{path}/b/token", {"a": "b"})[1]["said"] == {"a": "b"}
    slow.refuse = "no"
    assert server.ask("POST", f"{path}/b/sail")[0] == 403

    assert served == ["sail", "token"]
    assert slow.asked == [
        ("CREATE", "", "b"),
        ("CONNECT", "sail", "b"),
        ("CREATE", "token", "b"),
        ("CONNECT", "sail", "b"),
    ]
    counted = [line for line in server.ask("GET", "/metrics")[1].splitlines() if 'subresource="sail"' in line]
    assert sum(float(line.split()[-1]) for line in counted if line.startswith("apiserver_request_total")) == 2


def test_an_answer_without_a_commit_is_counted_once(make: Any, shapes: Any, on_loop: Any) -> None:
    server = on_loop(make())

    server.ask("POST", f"{CMS}?dryRun=All", shapes.config_map("a"))

    lines = server.ask("GET", "/metrics")[1].splitlines()
    counted = [line for line in lines if line.startswith("apiserver_request_total") and 'code="201"' in line]
    assert [line.split()[-1] for line in counted] == ["1.0"]


def test_bootstrap_objects_pass_it(make: Any, shapes: Any) -> None:
    slow, extra = Slow(), shapes.Extra()
    slow.go.set()
    extra.bootstrap_objects = [
        {**shapes.config_map(name), "metadata": {"name": name, "namespace": "default"}} for name in ("a", "b")
    ]

    api = make(extra, more={"ours": Ours(slow)})

    assert api.app.failed_bootstrap == []
    assert slow.asked == [("CREATE", "", "a"), ("CREATE", "", "b")]
    assert api.get(f"{CMS}/b").status_code == 200

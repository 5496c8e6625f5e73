"""A third-party plugin that raises, hangs or answers nonsense, on the real loop: it is named, others are served."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from types import SimpleNamespace

import pytest
from hanging import hangs, late_alone

from sampan.contracts.access import Decision, User
from sampan.contracts.kinds import Column, Kind
from sampan.contracts.serving import Route
from sampan.errors import PluginError
from sampan.hookspecs import hookimpl
from sampan_http import Limits, Server
from sampan_isolation import Deadlines
from sampan_testing.cluster import start

CMS = "/api/v1/namespaces/default/configmaps"
BOATS = "/apis/example.org/v1/namespaces/default/boats"
DEADLINES = Deadlines(request=0.5, misses=2, pause=60.0)
LATE = "no answer within 0.5 s"


class Behaviour:
    """``act()`` does what ``how`` says; ``threads`` are those it was called on."""

    def __init__(self):
        self.how = "well"
        self.threads = []
        self.entered = threading.Event()
        self.release = threading.Event()
        self.late = True  # its deadline passes as soon as it hangs

    def act(self, good):
        self.threads.append(threading.current_thread())
        if self.how == "raise":
            raise RuntimeError("a secret")
        if self.how == "garbage":
            return ["no", "sense"]
        if self.how in ("sleep", "spin"):
            self.entered.set()
            if self.late:
                hangs()
        if self.how == "sleep":  # as time.sleep(3600), but this test ends it
            self.release.wait()
        while self.how == "spin":
            pass
        return good


class Odd:
    """Everything a request can reach, of one third-party plugin; ``which`` of it misbehaves."""

    def __init__(self, which):
        self.behaviour = Behaviour()
        self.which = which

    def act(self, place, good):
        return self.behaviour.act(good) if place == self.which else good

    @hookimpl
    def contribute_admitters(self):
        odd = self

        class Admitter:
            name, operations, mutates, priority = "odd", {"CREATE", "UPDATE"}, False, 500
            resources = {"configmaps"}

            def admit(self, review):
                return odd.act("admission", None)

        return [Admitter()]

    @hookimpl
    def contribute_authorizers(self):
        odd = self

        class Authorizer:
            name = "odd"

            def authorize(self, asked):
                return odd.act("authorization", (Decision.NO_OPINION, ""))

        return [Authorizer()]

    @hookimpl
    def contribute_authenticators(self):
        odd = self

        class Authenticator:
            name = "odd"

            def authenticate(self, credentials):
                return odd.act("authentication", None)

        return [Authenticator()]

    @hookimpl
    def contribute_kinds(self):
        name = Column("Name", lambda obj: obj["metadata"]["name"], format="name")
        where = Column("Where", lambda obj: self.act("Boat.columns", "sea"))
        return [
            Kind(
                group="example.org", version="v1", kind="Boat", plural="boats", schema={"type": "object"},
                validate=lambda obj, old: self.act("Boat.validate", ()), columns=(name, where),
            )
        ]  # fmt: skip

    @hookimpl
    def contribute_routes(self):
        return [Route(path="/odd", serve=lambda call: self.act("/odd", {}))]


class Names:
    """Knows callers by a header; trusted with the loop, and let alone by the isolation."""

    name = "names"
    inline = True

    @hookimpl
    def contribute_authenticators(self):
        return [self]

    def authenticate(self, credentials):
        name = credentials.headers.get("x-user")
        return User(name, ("system:masters",) if name == "admin" else ("system:authenticated",)) if name else None


@pytest.fixture(autouse=True)
def only_what_hangs_is_late(monkeypatch):
    late_alone(monkeypatch)
    monkeypatch.setattr("sampan_server.extension.isolated.QUICK", 0.1)


@pytest.fixture
def serve():
    """serve(odd) → ask(method, path, body, user) → (status, JSON), over a socket."""
    closing = []

    def begin(odd):
        context = start({"odd": odd, "names": Names()}, control=False, deadlines=DEADLINES)
        cluster = context.__enter__()
        listener = socket.create_server(("127.0.0.1", 0))
        server = Server(cluster.app.wsgi, [listener], limits=Limits(graceful_seconds=1.0))
        thread = threading.Thread(target=server.run)
        thread.start()

        def close():
            odd.behaviour.how = "well"
            odd.behaviour.release.set()
            server.stop()
            thread.join()
            listener.close()
            context.__exit__(None, None, None)

        closing.append(close)

        def ask(method, path, body=None, user="admin", accept="application/json"):
            connection = http.client.HTTPConnection(*listener.getsockname(), timeout=60)
            try:
                headers = {"Content-Type": "application/json", "Accept": accept, **({"X-User": user} if user else {})}
                connection.request(method, path, json.dumps(body) if body is not None else None, headers)
                answer = connection.getresponse()
                data = answer.read()
                return answer.status, json.loads(data) if data[:1] == b"{" else data.decode()
            finally:
                connection.close()

        ask.cluster = cluster
        return ask

    yield begin
    for close in closing:
        close()


def a_config_map(ask):
    return ask("POST", CMS, {"metadata": {"generateName": "a-"}})


def a_boat(ask):
    return ask("POST", BOATS, {"apiVersion": "example.org/v1", "kind": "Boat", "metadata": {"generateName": "b-"}})


def as_jane(ask):
    return ask("GET", CMS, user="jane")


def as_anonymous(ask):
    return ask("GET", CMS, user=None)


def the_route(ask):
    return ask("GET", "/odd")


PLACES = {
    "admission": a_config_map,
    "authorization": as_jane,
    "authentication": as_anonymous,
    "Boat.validate": a_boat,
    "/odd": the_route,
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("how", ["raise", "garbage", "sleep", "spin"])
def test_a_plugin_that_misbehaves_is_named_and_the_others_are_served(serve, place, how):
    odd = Odd(place)
    ask = serve(odd)
    assert PLACES[place](ask)[0] in (200, 201, 401, 403)
    odd.behaviour.how, odd.behaviour.late = how, False

    found = []
    asking = threading.Thread(target=lambda: found.append(PLACES[place](ask)))
    asking.start()
    if how in ("sleep", "spin"):
        assert odd.behaviour.entered.wait(30)
        assert ask("GET", "/api/v1/namespaces/default")[0] == 200
        assert not found  # answered while it hung
        hangs(odd.behaviour.threads[-1])
    asking.join()

    status, said = found[0]
    why = {"raise": "it raised RuntimeError", "garbage": "its answer makes no sense"}.get(how, LATE)
    assert status == 500
    assert said["reason"] == "InternalError"
    assert said["message"] == f"Internal error occurred: plugin odd failed in {place}: {why}"
    figures = ask("GET", "/metrics")[1]
    reason = {"raise": "raised", "garbage": "answer"}.get(how, "late")
    assert f'sampan_plugin_failures_total{{hook="{place}",plugin="odd",reason="{reason}"}} 1.0' in figures


def test_a_spinning_thread_ends(serve):
    odd = Odd("admission")
    ask = serve(odd)
    odd.behaviour.how = "spin"

    a_config_map(ask)

    odd.behaviour.threads[-1].join(60)
    assert not odd.behaviour.threads[-1].is_alive()


def test_what_is_late_again_and_again_is_refused_at_once_and_all_else_goes_on(serve):
    odd = Odd("admission")
    ask = serve(odd)
    odd.behaviour.how = "sleep"
    a_config_map(ask)
    a_config_map(ask)
    calls = len(odd.behaviour.threads)

    status, said = a_config_map(ask)

    assert status == 500
    assert "plugin odd failed in admission: it was late 2 times in a row and is not asked for" in said["message"]
    assert len(odd.behaviour.threads) == calls
    assert a_boat(ask)[0] == 201  # admission of config maps is all that it guards
    assert ask("GET", CMS)[0] == 200


def test_the_administrator_gets_in_however_a_third_party_authenticator_behaves(serve):
    odd = Odd("authentication")
    ask = serve(odd)
    odd.behaviour.how = "sleep"

    assert ask("GET", CMS)[0] == 200
    assert ask("GET", "/readyz", user=None)[0] == 200  # public: no user is needed


def test_a_broken_column_costs_its_cells(serve):
    odd = Odd("Boat.columns")
    ask = serve(odd)
    name = a_boat(ask)[1]["metadata"]["name"]
    table = "application/json;as=Table;v=v1;g=meta.k8s.io"

    def cells():
        return ask("GET", BOATS, accept=table)[1]["rows"][0]["cells"]

    assert cells() == [name, "sea"]
    for how in ("raise", "garbage", "sleep", "spin"):
        odd.behaviour.how = how
        assert cells() == [name, "<unknown>"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (7, "a sequence is wanted, not 7"),
        ([7], "7 \\(int\\) has no name"),
        ([type("A", (), {"name": "a"})()], "a has no method admit"),
        (
            [SimpleNamespace(name="a", admit=len, operations={"*"}, mutates=True, priority=5, subresources="status")],
            "a.subresources must be a set such as {'', 'status'}, not 'status'",
        ),
    ],
)
def test_nonsense_at_boot_is_refused_with_a_sentence(answer, words):
    class Nonsense:
        @hookimpl
        def contribute_admitters(self):
            return answer

    with (
        pytest.raises(PluginError, match=f"plugin nonsense: failed in contribute_admitters: TypeError: {words}"),
        start({"nonsense": Nonsense()}, only=(), control=False),
    ):
        pass


def test_an_unsound_schema_leaves_its_plugin_out():
    class Unsound:
        @hookimpl
        def contribute_kinds(self):
            schema = {"type": "object", "properties": {"spec": {"type": "int"}}}
            return [Kind(group="example.org", version="v1", kind="Boat", plural="boats", schema=schema)]

    with (
        pytest.raises(
            AssertionError, match="unsound: contribute_kinds: TypeError: the schema of Boat: spec: 'int' is no"
        ),
        start({"unsound": Unsound()}, only=(), control=False),
    ):
        pass


def test_rules_for_a_field_that_the_kind_has_not_leave_their_plugin_out():
    class Unsound:
        @hookimpl
        def contribute_kinds(self):
            rules = {"properties": {"spce": {"minimum": 1}}}
            return [Kind(group="", version="v1", kind="Pod", plural="pods", rules=rules)]

    with (
        pytest.raises(AssertionError, match="contribute_kinds: TypeError: the rules of Pod: the object: 'spce' is no"),
        start({"unsound": Unsound()}, only=(), control=False),
    ):
        pass


def test_a_hook_that_hangs_at_boot_is_left_out_by_name():
    class Hangs:
        @hookimpl
        def contribute_kinds(self):
            hangs()
            while True:
                pass

    with (
        pytest.raises(AssertionError, match=r"hangs: contribute_kinds: no answer within 0\.1 s"),
        start({"hangs": Hangs()}, only=(), control=False, deadlines=Deadlines(boot=0.1)),
    ):
        pass


def test_a_subresource_that_says_it_blocks_has_no_deadline_but_only_so_much_room(monkeypatch):
    from sampan_isolation import Broken, FailureLog, Isolation
    from sampan_isolation.runners import Runners
    from sampan_server.extension import isolated as module

    monkeypatch.setattr(module, "MOST_AT_ONCE", 1)
    failure_log, release, entered = FailureLog(), threading.Event(), threading.Event()

    def serve(call):
        entered.set()
        release.wait()
        return {}

    route = Route(path="/slow", serve=serve, blocking=True)
    route = module.isolated_route(Isolation("odd", failure_log, Runners(), Deadlines(request=0.01)), route)
    first = threading.Thread(target=route.serve, args=(None,))
    first.start()
    assert entered.wait(30)

    with pytest.raises(Broken, match="1 calls have not ended yet"):
        route.serve(None)
    release.set()
    first.join()
    assert route.serve(None) == {}


class Waits:
    """Allows everything; says that it may wait, and on which threads it was asked."""

    name, waits = "waits", True

    def __init__(self):
        self.threads = set()

    @hookimpl
    def contribute_authorizers(self):
        return [self]

    def authorize(self, asked):
        self.threads.add(threading.current_thread())
        return Decision.ALLOW, ""


class AllButBinding:
    """Decides first, and without waiting."""

    name, inline = "all-but-binding", True

    @hookimpl
    def contribute_authorizers(self):
        return [self]

    def authorize(self, asked):
        return (Decision.NO_OPINION if asked.verb == "bind" else Decision.ALLOW), ""


class Escalation:
    """A rule of admission that asks the authorizers, where the write stands."""

    name, operations, mutates, priority, inline = "escalation", frozenset({"*"}), False, 500, True

    def __init__(self, cluster):
        self.cluster, self.threads = cluster, set()

    def admit(self, review):
        self.threads.add(threading.current_thread())
        self.cluster.authorize(review.user, "bind", review.kind.resource)


def test_a_write_leaves_the_loop_where_its_admission_may_ask_an_authorizer_that_waits():
    waits, rules = Waits(), []

    class Rules:
        @hookimpl
        def contribute_admitters(self, context):
            rules.append(Escalation(context.cluster))
            return rules

    plugins = {"first": AllButBinding(), "waits": waits, "rules": Rules(), "names": Names()}
    with start(plugins, only=("namespaces", "config"), control=False) as cluster:
        listener = socket.create_server(("127.0.0.1", 0))
        server = Server(cluster.app.wsgi, [listener], limits=Limits(graceful_seconds=1.0))
        loop = threading.Thread(target=server.run)
        loop.start()
        connection = http.client.HTTPConnection(*listener.getsockname(), timeout=60)
        headers = {"Content-Type": "application/json", "X-User": "admin"}
        connection.request("POST", CMS, '{"metadata":{"name":"a"}}', headers)
        status = connection.getresponse().status
        connection.close()
        server.stop()
        loop.join()
        listener.close()

    assert status == 201
    assert rules[0].threads
    assert waits.threads
    assert loop not in rules[0].threads

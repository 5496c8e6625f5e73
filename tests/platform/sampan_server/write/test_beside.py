"""Updates of other objects in the same commit: a toy quota that counts pods in a ConfigMap."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sampan.contracts.access import ANONYMOUS
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind, Resource
from sampan.contracts.serving import Subresource
from sampan.contracts.store import Unavailable
from sampan.errors import Forbidden, TooManyRequests
from sampan_memory.store import MemoryStore
from sampan_sqlite.options import Options
from sampan_sqlite.store import SqliteStore
from sampan_testing.shelves import Shelf

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
PODS = "/api/v1/namespaces/default/pods"
CMS = "/api/v1/namespaces/default/configmaps"
HARD = 60


class Quota:
    """At most so many pods; the count is kept in the ConfigMap ``quota``."""

    name, operations, mutates, priority = "quota", frozenset({"CREATE", "DELETE"}), False, 900
    resources, subresources = frozenset({"pods"}), frozenset({""})
    inline = True

    def __init__(self, hard: int = HARD) -> None:
        self.hard = hard
        self.asked = 0

    def admit(self, review: Review) -> None:
        self.asked += 1
        quota = review.stored(CONFIG_MAPS, "quota", review.namespace)
        assert quota is not None
        used = int(quota["data"]["used"]) + (1 if review.operation == "CREATE" else -1)
        if used > self.hard:
            raise review.forbidden("exceeded quota")
        quota["data"]["used"] = str(used)
        review.also_update.append(quota)


@pytest.fixture
def quota() -> Quota:
    return Quota()


@pytest.fixture
def api(make: Any, shapes: Any, quota: Quota) -> Any:
    extra = shapes.Extra()
    extra.admitters = [quota]
    api = make(extra)
    assert api.post(CMS, shapes.config_map("quota", used="0")).status_code == 201
    return api


def used(api: Any) -> int:
    return int(api.get(f"{CMS}/quota").json["data"]["used"])


def count(api: Any) -> int:
    return len(api.get(PODS).json["items"])


def test_the_update_is_in_the_same_commit(api: Any, shapes: Any) -> None:
    made = api.post(PODS, shapes.pod("a")).json

    quota = api.get(f"{CMS}/quota").json
    assert quota["data"]["used"] == "1"
    assert quota["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    managers = [entry["manager"] for entry in quota["metadata"]["managedFields"]]
    assert "sampan" in managers

    api.delete(f"{PODS}/a")
    assert used(api) == 0


def test_a_refused_or_dry_write_updates_nothing(api: Any, shapes: Any, quota: Quota) -> None:
    quota.hard = 1
    assert api.post(PODS, shapes.pod("dry"), query_string="dryRun=All").status_code == 201
    assert used(api) == 0
    assert api.post(PODS, shapes.pod("a")).status_code == 201

    refused = api.post(PODS, shapes.pod("b"))

    assert refused.status_code == 403
    assert refused.json["message"] == 'pods "b" is forbidden: exceeded quota'
    assert used(api) == count(api) == 1
    assert api.post(PODS, shapes.pod("a")).status_code in (403, 409)
    assert used(api) == 1


def test_a_deleted_collection_is_counted_down(api: Any, shapes: Any) -> None:
    for name in "abc":
        api.post(PODS, shapes.pod(name))

    api.delete(PODS)

    assert used(api) == count(api) == 0


def test_writes_from_within_the_server_are_counted(api: Any, shapes: Any) -> None:
    pods = Resource("", "v1", "pods", "Pod")

    api.app.cluster.create(pods, shapes.pod("a"), "default")
    api.app.cluster.create(pods, shapes.pod("b"), "default")
    api.app.cluster.delete(pods, "a", "default")

    assert used(api) == count(api) == 1


def write(api: Any, shapes: Any, number: int, codes: Counter[int]) -> None:
    """Four pods, of which two are removed."""
    for turn in range(4):
        name = f"p{number}-{turn}"
        codes[api.post(PODS, shapes.pod(name)).status_code] += 1
        if turn % 2:
            codes[api.delete(f"{PODS}/{name}").status_code] += 1


def test_the_count_is_exact_under_sixteen_writers(api: Any, shapes: Any, quota: Quota) -> None:
    quota.hard = 1000
    codes: Counter[int] = Counter()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: write(api, shapes, number, codes), range(16)))

    assert codes == {201: 64, 200: 32}  # none gave up
    assert used(api) == count(api) == 32


def test_the_limit_holds_under_sixteen_writers(api: Any, shapes: Any, quota: Quota) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: api.post(PODS, shapes.pod(f"p{number}")).status_code, range(100)))

    assert Counter(answers) == {201: HARD, 403: 100 - HARD}
    assert used(api) == count(api) == HARD


def test_none_starts_again_for_ever_where_commits_take_time(
    make: Any, shapes: Any, on_loop: Any, tmp_path: Path
) -> None:
    quota, extra = Quota(1000), shapes.Extra()
    extra.admitters = [quota]
    api = make(extra, SqliteStore(Options(str(tmp_path / "store.db"))))
    api.post(CMS, shapes.config_map("quota", used="0"))
    server = on_loop(api)

    def some(number: int) -> list[int]:
        return [server.ask("POST", PODS, shapes.pod(f"p{number}-{turn}"))[0] for turn in range(10)]

    with ThreadPoolExecutor(16) as pool:
        answers = Counter(code for codes in pool.map(some, range(16)) for code in codes)

    assert answers == {201: 160}
    assert used(api) == count(api) == 160
    assert quota.asked <= 2 * 160  # at most once in vain: they wait for each other


def test_another_process_in_between_makes_the_write_start_again(
    make: Any, shapes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    quota = Quota()
    extra = shapes.Extra()
    extra.admitters = [quota]
    api = make(extra, store)
    api.post(CMS, shapes.config_map("quota", used="0"))
    commit, interrupted = store.commit, []

    def between(*ops: Any) -> int:
        if len(ops) > 1 and not interrupted:
            interrupted.append(ops)
            assert api.put(f"{CMS}/quota", shapes.config_map("quota", used="7")).status_code == 200
        return commit(*ops)

    monkeypatch.setattr(store, "commit", between)

    assert api.post(PODS, shapes.pod("a")).status_code == 201

    assert interrupted and quota.asked == 2
    assert used(api) == 8


@pytest.mark.parametrize("loop", [True, False])
def test_a_write_that_the_store_fails_keeps_no_others_waiting(
    api: Any, shapes: Any, on_loop: Any, monkeypatch: pytest.MonkeyPatch, loop: bool
) -> None:
    def fail(*ops: Any) -> int:
        raise Unavailable("no")

    def fail_later(ops: Any, done: Any) -> None:
        done(Unavailable("no"))

    server = on_loop(api)
    with monkeypatch.context() as broken:
        broken.setattr(api.app.cache.store, "commit", fail)
        broken.setattr(api.app.cache.store, "submit", fail_later)
        status = server.ask("POST", PODS, shapes.pod("a"))[0] if loop else api.post(PODS, shapes.pod("a")).status_code
        assert status == 503

    assert server.ask("POST", PODS, shapes.pod("b"))[0] == 201
    assert api.post(PODS, shapes.pod("c")).status_code == 201
    assert used(api) == count(api) == 2


class Twice(Quota):
    """A second rule that changes the same object."""

    name, priority = "twice", 901

    def admit(self, review: Review) -> None:
        quota = review.stored(CONFIG_MAPS, "quota", review.namespace)
        assert quota is not None
        quota["data"]["seen"] = review.name
        if not any(quota is each for each in review.also_update):
            review.also_update.append(quota)


class Careless(Twice):
    """One that does not look at what is there already."""

    name = "careless"

    def admit(self, review: Review) -> None:
        quota = review.reader.get(CONFIG_MAPS, "quota", review.namespace)
        assert quota is not None
        review.also_update.append(quota)


def test_two_rules_update_one_object(make: Any, shapes: Any) -> None:
    extra = shapes.Extra()
    extra.admitters = [Quota(), Twice()]
    api = make(extra)
    api.post(CMS, shapes.config_map("quota", used="0"))

    assert api.post(PODS, shapes.pod("a")).status_code == 201

    assert api.get(f"{CMS}/quota").json["data"] == {"used": "1", "seen": "a"}


def test_two_different_updates_of_one_object_are_an_error_and_write_nothing(make: Any, shapes: Any) -> None:
    extra = shapes.Extra()
    extra.admitters = [Quota(), Careless()]
    api = make(extra)
    api.post(CMS, shapes.config_map("quota", used="0"))

    for answer in (api.post(PODS, shapes.pod("a")), api.post(PODS, shapes.pod("b"))):
        assert answer.status_code == 500
        assert "admission writes one object twice in the same commit" in answer.json["message"]
    assert used(api) == count(api) == 0


def test_the_example_of_the_documents_counts(shapes: Any) -> None:
    text = (Path(__file__).parents[4] / "docs" / "writing-a-plugin.md").read_text()
    code = "quota = review.stored(" + text.partition("quota = review.stored(")[2].partition("```")[0]
    quotas, shelf = Resource("example.org", "v1", "quotas", "Quota"), Shelf()
    meta = {"name": "pods", "namespace": "default", "resourceVersion": "1"}
    shelf.put(quotas, {"metadata": meta, "spec": {"hard": 1}, "status": {"used": 0}})
    kind = Kind(group="", version="v1", kind="Pod", plural="pods")
    review = Review("CREATE", kind, "", "default", "a", shapes.pod("a"), None, ANONYMOUS, False, shelf)

    exec(code, {"review": review, "QUOTAS": quotas})

    assert [obj["status"] for obj in review.also_update] == [{"used": 1}]
    shelf.put(quotas, {"metadata": meta, "spec": {"hard": 0}, "status": {"used": 0}})
    review.also_update.clear()
    with pytest.raises(Forbidden, match="exceeded quota: used 0, limited to 0"):
        exec(code, {"review": review, "QUOTAS": quotas})


class Itself:
    name, operations, mutates, priority = "itself", frozenset({"UPDATE", "DELETE"}), False, 500
    resources, inline = frozenset({"configmaps"}), True

    def admit(self, review: Review) -> None:
        found = review.stored(CONFIG_MAPS, review.name, review.namespace)
        assert found is not None
        review.also_update.append(found)


def test_an_update_of_the_written_object_itself_is_an_error(make: Any, shapes: Any) -> None:
    extra = shapes.Extra()
    extra.admitters = [Itself()]
    api = make(extra)
    api.post(CMS, shapes.config_map("a", x="0"))

    for answer in (api.put(f"{CMS}/a", shapes.config_map("a", x="1")), api.delete(f"{CMS}/a")):
        assert answer.status_code == 500
        assert "admission writes one object twice" in answer.json["message"]

    assert api.get(f"{CMS}/a").json["data"] == {"x": "0"}


class Tickets:
    """A toy budget: each use of boats/ticket takes one of those that the ConfigMap ``quota`` holds."""

    name, operations, mutates, priority = "tickets", frozenset({"CREATE"}), True, 900
    resources, subresources = frozenset({"boats.example.org"}), frozenset({"ticket"})
    inline = True

    def admit(self, review: Review) -> None:
        budget = review.stored(CONFIG_MAPS, "quota", review.namespace)
        assert budget is not None and review.object is not None
        if budget["data"]["used"] == "0":
            raise TooManyRequests("sold out")
        budget["data"]["used"] = str(int(budget["data"]["used"]) - 1)
        review.also_update.append(budget)
        review.object["seat"] = "7"


BOATS = "/apis/example.org/v1/namespaces/default/boats"


@pytest.mark.parametrize("blocking", [True, False])
def test_what_admission_wants_written_with_a_served_post_is_written_first(
    make: Any, shapes: Any, on_loop: Any, blocking: bool
) -> None:
    served = []

    def serve(call: Any) -> dict[str, Any]:
        left = call.cluster.get(CONFIG_MAPS, "quota", "default")["data"]["used"]
        served.append((call.body(), left))
        return {"kind": "Ticket", "apiVersion": "v1"}

    ticket = Subresource(name="ticket", kind="Ticket", serve=serve, blocking=blocking, admits=True)
    extra = shapes.Extra()
    extra.kinds = [
        Kind(group="example.org", version="v1", kind="Boat", plural="boats", schema={"type": "object"},
             subresources=(ticket,))
    ]  # fmt: skip
    extra.admitters = [Tickets()]
    server = on_loop(make(extra))
    assert server.ask("POST", CMS, shapes.config_map("quota", used="1"))[0] == 201
    assert server.ask("POST", BOATS, {"metadata": {"name": "b"}})[0] == 201

    assert server.ask("POST", f"{BOATS}/b/ticket?dryRun=All", {})[0] == 201
    assert server.ask("POST", f"{BOATS}/b/ticket", {"for": "a"})[0] == 201
    status, refused = server.ask("POST", f"{BOATS}/b/ticket", {})

    assert (status, refused["message"]) == (429, "sold out")
    assert served == [({"seat": "7"}, "1"), ({"for": "a", "seat": "7"}, "0")]
    counted = [line for line in server.ask("GET", "/metrics")[1].splitlines() if 'subresource="ticket"' in line]
    assert sum(float(line.split()[-1]) for line in counted if line.startswith("apiserver_request_total")) == 3


def test_as_many_posts_are_admitted_as_the_budget_has(make: Any, shapes: Any) -> None:
    ticket = Subresource(name="ticket", kind="Ticket", serve=lambda call: {"kind": "Ticket"}, admits=True)
    extra = shapes.Extra()
    extra.kinds = [
        Kind(group="example.org", version="v1", kind="Boat", plural="boats", schema={"type": "object"},
             subresources=(ticket,))
    ]  # fmt: skip
    extra.admitters = [Tickets()]
    api = make(extra)
    api.post(CMS, shapes.config_map("quota", used="5"))
    api.post(BOATS, {"metadata": {"name": "b"}})

    with ThreadPoolExecutor(8) as pool:
        codes = Counter(pool.map(lambda _: api.post(f"{BOATS}/b/ticket", {}).status_code, range(12)))

    assert codes == {201: 5, 429: 7}
    assert used(api) == 0

from __future__ import annotations

import pytest

from sampan.contracts.access import User
from sampan.contracts.serving import Answer, Delegated
from sampan.errors import ServiceUnavailable
from sampan.hookspecs import hookimpl

AGGREGATED = {"Accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}
THING = {"resource": "things", "responseKind": {"group": "ext.example", "version": "v1", "kind": "Thing"}}


def serve(call):
    if call.path.endswith("/broken"):
        raise ServiceUnavailable("gone")
    return Answer(200, f'{{"path":"{call.path}","user":"{call.user.name}"}}'.encode())


class Elsewhere:
    """A delegation of a test's own making."""

    def __init__(self, name="elsewhere", *found):
        self.name, self.found, self.changes, self.log = name, list(found), 0, []

    def start(self):
        self.log.append("start")

    def close(self):
        self.log.append("close")

    def find(self, group, version):
        return next((one for one in self.found if (one.group, one.version) == (group, version)), None)

    def all(self):
        return self.found

    def generation(self):
        return self.changes


def delegated(group="ext.example", version="v1", **more):
    return Delegated(group=group, version=version, serve=serve, **more)


@pytest.fixture
def build(make, shapes):
    def build_(*delegations):
        class Bringing(shapes.Extra):
            @hookimpl
            def contribute_delegations(self):
                return list(delegations)

        return make(Bringing())

    return build_


def test_what_is_below_a_group_version_is_handed_over(build):
    api = build(Elsewhere("a", delegated()))

    for path in ("", "/things", "/namespaces/ns/things/x", "/namespaces/ns/things/x/sub/deep", "/anything"):
        answer = api.get(f"/apis/ext.example/v1{path}")
        assert (answer.status_code, answer.json["user"]) == (200, "admin"), path
        assert answer.json["path"] == f"/apis/ext.example/v1{path}"
    assert api.get("/openapi/v3/apis/ext.example/v1").json["path"].startswith("/openapi")
    assert api.get("/apis/ext.example/v1/broken").status_code == 503
    for path in ("/apis/ext.example/v2/things", "/apis/other.example/v1/things", "/api/ext.example/v1"):
        assert api.get(path).status_code == 404


def test_access_is_asked_first(build):
    api = build(Elsewhere("a", delegated())).as_user(User("jane"))

    assert api.get("/apis/ext.example/v1/things").status_code == 403


def test_what_has_kinds_here_is_never_handed_over(build):
    api = build(Elsewhere("a", delegated("apps")))

    assert api.get("/apis/apps/v1/nothing").status_code == 404
    assert api.get("/apis/apps/v1").json["kind"] == "APIResourceList"
    (apps,) = [
        item for item in api.get("/apis", headers=AGGREGATED).json["items"] if item["metadata"]["name"] == "apps"
    ]
    assert [version["version"] for version in apps["versions"]] == ["v1"]


def test_the_first_that_has_it_answers(build):
    first = Elsewhere("a", delegated(resources=[THING]))
    api = build(first, Elsewhere("b", delegated(stale=True)))
    (group,) = [g for g in api.get("/apis", headers=AGGREGATED).json["items"] if g["metadata"]["name"] == "ext.example"]

    assert group["versions"] == [{"version": "v1", "resources": [THING], "freshness": "Current"}]


def test_discovery_follows_what_comes_and_goes(build):
    changing = Elsewhere("a")
    api = build(changing)
    assert api.get("/apis/ext.example").status_code == 404

    changing.found = [delegated(version="v1", version_priority=10), delegated(version="v2beta1", version_priority=20)]
    changing.found.append(delegated("above.example", priority=2000, openapi="ABC"))
    changing.changes += 1
    names = [group["name"] for group in api.get("/apis").json["groups"]]
    group = api.get("/apis/ext.example").json

    assert names[-2:] == ["above.example", "ext.example"]
    assert [version["version"] for version in group["versions"]] == ["v2beta1", "v1"]
    items = api.get("/apis", headers=AGGREGATED).json["items"]
    assert items[-1]["versions"][0]["freshness"] == "Stale"  # what it has is unknown
    index = api.get("/openapi/v3").json["paths"]
    assert index["apis/above.example/v1"]["serverRelativeURL"] == "/openapi/v3/apis/above.example/v1?hash=ABC"
    assert "apis/ext.example/v1" not in index

    changing.found = []
    changing.changes += 1
    assert "ext.example" not in api.get("/apis").text


def test_one_that_fails_is_passed_over(build, caplog):
    broken = Elsewhere("broken")
    broken.find = broken.all = broken.generation = broken.start = broken.close = lambda *_: 1 / 0
    api = build(broken, Elsewhere("sound", delegated()))

    assert api.get("/apis/ext.example/v1/things").status_code == 200
    assert "ext.example" in api.get("/apis").text
    assert "broken" in caplog.text


def test_they_are_started_and_closed_with_the_server(build):
    one = Elsewhere("a")
    api = build(one)
    assert one.log == ["start"]

    api.app.close()
    assert one.log == ["start", "close"]

import pytest

from sampan.contracts.kinds import Resource
from sampan_client.discovery import Discovered, find

FOUND = [
    Discovered(Resource("events.k8s.io", "v1", "events", "Event"), frozenset(), frozenset({"event"})),
    Discovered(Resource("", "v1", "events", "Event"), frozenset(), frozenset({"event", "ev"})),
    Discovered(Resource("apps", "v1", "deployments", "Deployment"), frozenset(), frozenset({"deployment", "deploy"})),
]


@pytest.mark.parametrize(
    ("word", "group"),
    [
        ("deploy", "apps"), ("Deployment", "apps"), ("DEPLOYMENTS", "apps"), ("deployments.apps", "apps"),
        ("deploy.v1", None),
        ("ev", ""), ("events", ""), ("events.events.k8s.io", "events.k8s.io"), ("event.events", "events.k8s.io"),
        ("boats", None),
    ],
)  # fmt: skip
def test_a_kind_is_found_by_what_people_call_it(word, group):
    found = find(FOUND, word)

    assert (found.resource.group if found else None) == group

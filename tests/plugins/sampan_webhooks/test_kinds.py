"""Both kinds: defaults, columns, what they share."""

import copy

from sampan_webhooks.kinds import MUTATING, VALIDATING

SENT = {"metadata": {"name": "x"}, "webhooks": [{"name": "a.b.c", "rules": [{}], "clientConfig": {"service": {}}}]}
DEFAULTS = {
    "failurePolicy": "Fail", "matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {},
    "timeoutSeconds": 10,
}  # fmt: skip


def defaulted(kind):
    found = copy.deepcopy(SENT)
    kind.default(found)
    return found["webhooks"][0]


def test_defaults_are_upstreams():
    found = defaulted(VALIDATING)

    assert {name: found[name] for name in DEFAULTS} == DEFAULTS
    assert "reinvocationPolicy" not in found
    assert found["rules"] == [{"scope": "*"}]
    assert found["clientConfig"]["service"] == {"port": 443}
    assert defaulted(MUTATING)["reinvocationPolicy"] == "Never"
    VALIDATING.default({})


def test_the_kinds_are_cluster_wide_and_show_how_many_webhooks_there_are():
    for kind in (MUTATING, VALIDATING):
        assert (kind.namespaced, kind.generation, kind.categories) == (False, True, ("api-extensions",))
        assert kind.columns[1].cell(SENT) == 1
        assert kind.columns[1].cell({}) == 0

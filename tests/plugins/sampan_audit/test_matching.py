from __future__ import annotations

import pytest

from sampan.contracts.access import User
from sampan_audit.matching import Matcher
from sampan_audit.policy import METADATA

LOG = {"level": "Metadata"}


@pytest.mark.parametrize(
    "rule, request_, matches",
    [
        ({}, {}, True),
        ({"users": ["jane"]}, {}, True),
        ({"users": ["bob"]}, {}, False),
        ({"userGroups": ["dev"]}, {}, True),
        ({"userGroups": ["ops"]}, {}, False),
        ({"verbs": ["get", "create"]}, {}, True),
        ({"verbs": ["get"]}, {}, False),
        ({"namespaces": ["default"]}, {}, True),
        ({"namespaces": [""]}, {}, False),
        ({"namespaces": [""]}, {"namespace": ""}, True),
        ({"resources": [{"group": ""}]}, {}, True),
        ({"resources": [{"group": "apps"}]}, {}, False),
        ({"resources": [{"group": "*", "resources": ["pods"]}]}, {}, True),
        ({"resources": [{"resources": ["pods"]}]}, {"subresource": "log"}, False),
        ({"resources": [{"resources": ["pods/log"]}]}, {"subresource": "log"}, True),
        ({"resources": [{"resources": ["*/log"]}]}, {"subresource": "log"}, True),
        ({"resources": [{"resources": ["pods/*"]}]}, {"subresource": "log"}, True),
        ({"resources": [{"resources": ["*"]}]}, {"subresource": "log"}, True),
        ({"resources": [{"resources": ["pods"], "resourceNames": ["a"]}]}, {"name": "a"}, True),
        ({"resources": [{"resources": ["pods"], "resourceNames": ["a"]}]}, {"name": "b"}, False),
        ({"nonResourceURLs": ["/healthz*"]}, {}, False),
        ({"nonResourceURLs": ["/healthz*"]}, {"resource": "", "path": "/healthz/etcd"}, True),
        ({"nonResourceURLs": ["*"]}, {"resource": "", "path": "/"}, True),
        ({"nonResourceURLs": ["/version"]}, {"resource": "", "path": "/version/"}, False),
        ({"resources": [{"group": ""}]}, {"resource": "", "path": "/version"}, False),
    ],
)
def test_a_rule_counts_where_each_of_its_fields_matches(request_of, policy, rule, request_, matches):
    found = Matcher(policy({**LOG, **rule})).verdict(request_of(**request_))

    assert (found is not None) is matches


def test_the_first_rule_that_matches_decides(request_of, policy):
    matcher = Matcher(policy({"level": "None", "verbs": ["get"]}, LOG))

    assert matcher.verdict(request_of(verb="get")) is None
    assert matcher.verdict(request_of(verb="list")).level == METADATA


def test_what_is_remembered_tells_callers_names_and_places_apart(request_of, policy):
    named = {"resources": [{"resources": ["pods"], "resourceNames": ["a"]}], "namespaces": ["default"]}
    matcher = Matcher(policy({**LOG, **named}))

    found = [
        matcher.verdict(request_of(name="a")), matcher.verdict(request_of(name="b")),
        matcher.verdict(request_of(name="a", namespace="other")), matcher.verdict(request_of(name="a")),
    ]  # fmt: skip

    assert [each is not None for each in found] == [True, False, False, True]
    users = Matcher(policy({**LOG, "userGroups": ["dev"]}))
    assert users.verdict(request_of()) is not None
    assert users.verdict(request_of(user=User("jane"))) is None

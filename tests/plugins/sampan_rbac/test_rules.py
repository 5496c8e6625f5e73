from __future__ import annotations

import pytest

from sampan_rbac.grammar import paths, rule
from sampan_rbac.rules import compiled


def only(made):
    return compiled([made])[0]


@pytest.mark.parametrize(
    ("resources", "asked", "allowed"),
    [
        ("pods", ("pods", ""), True),
        ("pods", ("pods", "log"), False),
        ("pods/log", ("pods", "log"), True),
        ("pods/log", ("pods", ""), False),
        ("*", ("pods", "log"), True),
        ("*/scale", ("deployments", "scale"), True),
        ("*/scale", ("deployments", ""), False),
        ("services", ("pods", ""), False),
    ],
)
def test_a_rule_names_resources_and_subresources(resources, asked, allowed):
    assert only(rule("get", "", resources)).allows_resource("", *asked) is allowed


def test_a_rule_holds_for_its_groups_only():
    assert not only(rule("get", "apps", "pods")).allows_resource("", "pods", "")
    assert only(rule("get", "*", "pods")).allows_resource("x", "pods", "")


@pytest.mark.parametrize(
    ("pattern", "path", "allowed"),
    [
        ("/healthz", "/healthz", True),
        ("/healthz", "/healthz/x", False),
        ("/api/*", "/api/v1", True),
        ("/api/*", "/api", False),
        ("*", "/anything", True),
    ],
)
def test_a_rule_names_paths(pattern, path, allowed):
    assert only(paths("get", pattern)).allows_path(path) is allowed

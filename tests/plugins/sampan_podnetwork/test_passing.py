from __future__ import annotations

import pytest

from sampan_podnetwork import passing

CLUSTER = "10.244.0.0/16"


class Tables:
    """iptables with Docker's chain, or without."""

    def __init__(self, docker=True):
        self.docker, self.rules = docker, []

    def __call__(self, verb, chain, *rule):
        if verb == "-S":
            return self.docker
        if verb == "-I":
            self.rules.insert(0, rule)
            return True
        there = rule in self.rules
        if verb == "-D" and there:
            self.rules.remove(rule)
        return there


@pytest.fixture
def tables(monkeypatch):
    found = Tables()
    monkeypatch.setattr(passing, "_iptables", found)
    return found


def test_what_pods_send_and_get_passes_once(tables):
    passing.let_pass("t", CLUSTER)
    passing.let_pass("t", CLUSTER)

    assert sorted(rule[0] for rule in tables.rules) == ["-d", "-s"]


def test_nothing_is_left_and_without_docker_nothing_is_made(tables):
    passing.let_pass("t", CLUSTER)
    passing.no_longer("t", CLUSTER)
    tables.docker = False
    passing.let_pass("t", CLUSTER)

    assert tables.rules == []

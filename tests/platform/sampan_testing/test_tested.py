"""What the fixtures hand out."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from sampan.errors import NotFound
from sampan_machinery.resources import CONFIG_MAPS, NAMESPACES
from sampan_testing.tested import started


@pytest.fixture(scope="module")
def tested(tmp_path_factory):
    with started(
        {"nodes": 0, "only": ("config", "namespaces", "pods", "nodes", "gc")}, tmp_path_factory.mktemp("t")
    ) as made:
        yield made


def test_the_namespace_of_a_test_goes_with_all_that_is_in_it(tested):
    with tested.in_own_namespace() as own:
        own.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}")
        assert own.client.get(CONFIG_MAPS, "a", own.namespace)

    with pytest.raises(NotFound):
        tested.client.get(NAMESPACES, own.namespace)


def test_the_kubeconfig_is_for_its_owner_alone(tested):
    mode = stat.S_IMODE(os.stat(tested.kubeconfig).st_mode)

    assert mode == 0o600
    assert tested.url in Path(tested.kubeconfig).read_text()


def test_a_kind_that_is_not_there_is_named(tested):
    with pytest.raises(NotFound, match=r"no kind Nothing in example\.org/v1"):
        tested.apply("{apiVersion: example.org/v1, kind: Nothing, metadata: {name: a}}")

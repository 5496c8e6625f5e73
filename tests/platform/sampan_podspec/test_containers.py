from __future__ import annotations

from sampan_podspec.containers import is_sidecar, walk


def test_every_kind_of_container_is_walked():
    spec = {"containers": [{"name": "a"}], "initContainers": [{"name": "i"}], "ephemeralContainers": [{"name": "e"}]}

    assert [(kind, container["name"]) for kind, container in walk(spec)] == [
        ("initContainers", "i"), ("containers", "a"), ("ephemeralContainers", "e"),
    ]  # fmt: skip
    assert walk({"containers": None}) == []


def test_a_sidecar_restarts_always():
    assert is_sidecar({"restartPolicy": "Always"})
    assert not is_sidecar({})

from __future__ import annotations

import pytest

from sampan_podnetwork.guarding import READY, NetworkGuard
from sampan_runtime.contracts import RuntimeFailure, Sandbox

SANDBOX = Sandbox("s", "p", "a", "u", 0, True, "10.244.0.1", 0.0)
POD = {"metadata": {}, "spec": {}}


def test_containers_wait_until_the_network_is_ready():
    guard = NetworkGuard("home", patience=0.01)
    with READY.of("home") as tell:
        for ready in (False, None):
            if ready is not None:
                tell(ready)
            with pytest.raises(RuntimeFailure) as caught:
                guard.prepare(POD, SANDBOX)
            assert caught.value.reason == "NetworkNotReady"
        tell(True)
        guard.prepare(POD, SANDBOX)
        tell(False)  # a failure takes no route away
        guard.prepare(POD, SANDBOX)
    with pytest.raises(RuntimeFailure):
        guard.prepare(POD, SANDBOX)


def test_pods_with_the_hosts_network_do_not_wait():
    NetworkGuard("home", patience=0.01).prepare({"metadata": {}, "spec": {"hostNetwork": True}}, SANDBOX)

from __future__ import annotations

from types import SimpleNamespace

from sampan_federation.agent.reporting import AGAIN, Reporting, is_other
from sampan_federation.members.joining import TOKEN_SECONDS
from sampan_machinery.metadata import now_text

NOW = 1_800_000_000.0


class Host:
    def __init__(self) -> None:
        self.asked = 0
        self.broken = False

    def create(self, resource, body, namespace, *, subresource, name):
        self.asked += 1
        if self.broken:
            raise ConnectionError("away")
        return {"status": {"token": f"{name}-{self.asked}", "expirationTimestamp": now_text(NOW + TOKEN_SECONDS)}}


def test_the_token_is_renewed_at_the_start_and_when_half_its_time_has_passed():
    host, kept, now = Host(), [], [NOW]
    caches = SimpleNamespace(of=lambda resource: None)
    reporting = Reporting(SimpleNamespace(host=host, caches=caches, clock=lambda: now[0]), "nat", kept.append)

    reporting._renew()
    reporting._renew()
    assert kept == ["karmada-agent-nat-1"]

    now[0] += TOKEN_SECONDS / 2 + 1
    host.broken = True
    reporting._renew()
    reporting._renew()
    assert (len(kept), host.asked) == (1, 2)  # the old one still works; it is not asked at every turn

    host.broken = False
    now[0] += AGAIN
    reporting._renew()
    assert kept[-1] == "karmada-agent-nat-3"


def test_its_own_status_wakes_it_not():
    one = {"metadata": {"generation": 1}, "status": {}}

    assert is_other(None, one) and is_other(one, None)
    assert not is_other(one, {**one, "status": {"a": 1}})
    assert is_other(one, {"metadata": {"generation": 2}})

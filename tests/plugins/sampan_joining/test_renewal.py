from __future__ import annotations

import threading

import pytest

from sampan.contracts.components import Running
from sampan.contracts.options import ClusterOptions
from sampan_client import kubeconfig
from sampan_joining.certificates import Issued, write_pair
from sampan_joining.renewal import AGAIN, LONGEST, Renewal, due, held
from sampan_pki.issuing import Authority, identity_of, new_authority, new_request
from sampan_pki.requests import read_request, sign

NOW = 1_900_000_000.0
DAY = 86400.0
CERTIFICATE, KEY = new_authority("sampan-ca", days=10000)
AUTHORITY = Authority(CERTIFICATE, KEY)


def issued(user, begins, ends, names=()):
    pem, key = new_request(user, ("system:nodes",), names)
    return Issued(sign(AUTHORITY, read_request(pem), ["client auth"], begins=begins, ends=ends), key)


@pytest.fixture
def home(tmp_path):
    """A node whose certificates have a year, of which a month has gone."""
    (tmp_path / "kubeconfigs").mkdir()
    for name in ("node", "proxy"):
        put(tmp_path, name, NOW - 30 * DAY, NOW + 335 * DAY)
    write_pair(
        tmp_path / "pki" / "kubelet",
        issued("system:node:a", NOW - 30 * DAY, NOW + 335 * DAY, ("a", "192.0.2.7")),
    )
    return tmp_path


def put(home, name, begins, ends):
    user = "system:node:a" if name == "node" else f"system:{name}"
    made = issued(user, begins, ends)
    kubeconfig.write(
        home / "kubeconfigs" / name, server="https://192.0.2.1:6443", ca=CERTIFICATE, certificate=made.certificate,
        key=made.key, user=user,
    )  # fmt: skip


class Renewed(Renewal):
    """Asks no server: what is obtained is given by the test."""

    def __init__(self, home, monkeypatch, answer=None, chance=0.5):
        self.said, self.asked = [], []
        running = Running(
            client=None, settings=None, home=str(home), stop=threading.Event(), options=ClusterOptions(home=str(home)),
            ready=lambda text: self.said.append(("ready", text)), failing=lambda text: self.said.append(("bad", text)),
        )  # fmt: skip

        def obtain(client, wanted, **_):
            self.asked.append(wanted)
            if isinstance(answer, Exception):
                raise answer
            return issued(wanted.user, NOW, NOW + 365 * DAY, wanted.names)

        monkeypatch.setattr("sampan_joining.renewal.obtain", obtain)
        super().__init__(running, clock=lambda: NOW, chance=lambda: chance)


def test_a_certificate_is_due_after_seven_to_nine_tenths_of_its_life():
    assert [round(due(0.0, 100.0, chance)) for chance in (0.0, 0.5, 1.0)] == [70, 80, 90]


def test_what_the_home_holds_is_known_by_its_certificates(home):
    found = {each.path.name: each for each in held(home)}

    assert set(found) == {"node", "proxy", "kubelet"}
    assert found["kubelet"].wanted.names == ("a", "192.0.2.7") and found["kubelet"].serving
    assert found["proxy"].wanted.user == "system:proxy" and not found["proxy"].wanted.names


def test_nothing_is_renewed_before_its_time(home, monkeypatch):
    renewal = Renewed(home, monkeypatch)

    assert renewal.look() == LONGEST
    assert renewal.asked == [] and renewal.said[-1][0] == "ready"


def test_what_is_due_is_replaced_and_the_commands_identity_with_it(home, monkeypatch):
    put(home, "node", NOW - 300 * DAY, NOW + 10 * DAY)
    renewal = Renewed(home, monkeypatch)

    assert renewal.look() == 0.0
    assert [one.user for one in renewal.asked] == ["system:node:a"]
    for path in (home / "kubeconfigs" / "node", home / "kubeconfig"):
        found = kubeconfig.load(path)
        assert identity_of(found.certificate)[4] > NOW + 300 * DAY
        assert (found.server, found.ca) == ("https://192.0.2.1:6443", CERTIFICATE)
    assert renewal.look() == LONGEST and renewal.renewed == 1


def test_the_serving_certificate_keeps_its_names(home, monkeypatch):
    write_pair(home / "pki" / "kubelet", issued("system:node:a", NOW - 300 * DAY, NOW + DAY, ("a", "192.0.2.7")))
    Renewed(home, monkeypatch).look()

    user, _, names, _, ends = identity_of((home / "pki" / "kubelet.crt").read_bytes())
    assert (user, names) == ("system:node:a", ("a", "192.0.2.7")) and ends > NOW + 300 * DAY


def test_a_failure_is_said_with_the_time_that_is_left_and_tried_again(home, monkeypatch):
    put(home, "proxy", NOW - 300 * DAY, NOW + 3600)
    renewal = Renewed(home, monkeypatch, ConnectionError("the API server is away"))

    assert renewal.look() == AGAIN
    word, text = renewal.said[-1]
    assert word == "bad" and "system:proxy ends in 1.0 h" in text and "away" in text


def test_a_kubeconfig_that_cannot_be_read_does_not_keep_the_others_from_being_renewed(home, monkeypatch):
    (home / "kubeconfigs" / "broken").write_text("{")
    (home / "pki" / "kubelet.crt").write_text("nothing")
    put(home, "proxy", NOW - 300 * DAY, NOW + DAY)
    renewal = Renewed(home, monkeypatch)

    renewal.look()

    assert [one.user for one in renewal.asked] == ["system:proxy"]

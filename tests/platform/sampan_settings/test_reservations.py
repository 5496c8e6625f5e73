from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from sampan.errors import ConfigError
from sampan_settings import reservations
from sampan_settings.reservations import Reservation

ONE = Reservation("0ne000000000", "a0000001", "203.0.113.0/24", "301-309", "127.250.1.0/24")
TWO = Reservation("2w0000000000", "a0000002", "198.51.100.0/24", "311-319", "127.250.2.0/24")


@pytest.fixture(autouse=True)
def registry(tmp_path, monkeypatch):
    """A registry of the test's own; what clusters of this machine hold stays in sight."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "sampan" / "homes"


def test_what_is_held_is_seen_by_others_until_it_is_let_go(tmp_path):
    with reservations.hold(ONE, tmp_path):
        assert ONE in reservations.held()

    assert ONE not in reservations.held()


def test_what_is_held_goes_with_a_process_that_is_killed(tmp_path):
    script = (
        "import sys, time; from pathlib import Path; from sampan_settings import reservations;"
        f"end = reservations.hold(reservations.Reservation(*{list(vars(ONE).values())!r}), Path({str(tmp_path)!r}));"
        "print('held', flush=True); time.sleep(100)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        assert ONE in reservations.held()
        process.kill()

    assert ONE not in reservations.held()


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (replace(TWO, service_cidr=ONE.service_cidr), "network.service_cidr 203.0.113.0/24 is in use by"),
        (
            replace(TWO, service_cidr="203.0.113.128/25"),
            "network.service_cidr 203.0.113.128/25 overlaps 203.0.113.0/24, which is in use by",
        ),
        (replace(TWO, node_ports="305-400"), "network.node_ports 305-400 overlaps 301-309, which is in use by"),
    ],
)
def test_what_another_cluster_uses_is_refused_and_its_home_named(tmp_path, wanted, words):
    with (
        reservations.hold(ONE, tmp_path / "one"),
        pytest.raises(ConfigError, match=f"{words} the cluster in {tmp_path}/one on this machine"),
    ):
        reservations.hold(wanted, tmp_path / "two")
    assert not [each for each in reservations.held() if each.home_id == TWO.home_id]


def test_a_home_does_not_refuse_itself_nor_another_node_of_its_cluster(tmp_path):
    with (
        reservations.hold(ONE, tmp_path / "one"),
        reservations.hold(ONE, tmp_path / "one"),
        reservations.hold(replace(TWO, authority=ONE.authority, service_cidr=ONE.service_cidr), tmp_path / "two"),
    ):
        assert {each.home_id for each in reservations.held()} >= {ONE.home_id, TWO.home_id}


def test_unknown_authorities_are_not_the_same(tmp_path):
    with reservations.hold(replace(ONE, authority=""), tmp_path), pytest.raises(ConfigError):
        reservations.hold(replace(TWO, authority="", service_cidr=ONE.service_cidr), tmp_path)


def test_names_that_others_made_up_are_passed_over(tmp_path):
    table = tmp_path / "unix"
    table.write_text(
        "Num       RefCount Protocol Flags    Type St Inode Path\n"
        "0: 2 0 10000 1 1 1 @sampan-cluster\n"
        "0: 2 0 10000 1 1 1 @sampan-cluster x - nonsense 1-2 127.1.1.0/24 7\n"
        "0: 2 0 10000 1 1 1 @sampan-cluster x - 10.96.0.0/16 nonsense 127.1.1.0/24 7\n"
        "0: 2 0 10000 1 1 1 @sampan-cluster x - 10.96.0.0/16 1-2 127.1.1.0/24 7\n"
        "0: 2 0 10000 1 1 1 /run/other\n"
    )

    assert reservations.held(str(table)) == [Reservation("x", "", "10.96.0.0/16", "1-2", "127.1.1.0/24")]
    assert reservations.held(str(tmp_path / "none")) == []


RANGES = ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24")


def test_the_first_unused_one_is_chosen(tmp_path):
    assert reservations.free("service_cidr", RANGES, TWO) == RANGES[0]
    with reservations.hold(ONE, tmp_path):
        assert reservations.free("service_cidr", RANGES, TWO) == RANGES[1]
        assert reservations.free("service_cidr", RANGES, TWO, also=lambda each: each == RANGES[1]) == RANGES[2]
        assert reservations.free("service_cidr", RANGES[:1], TWO) == ""
        assert reservations.free("service_cidr", RANGES, ONE) == RANGES[0]


def test_no_more_candidates_are_looked_at_than_are_needed(tmp_path):
    looked_at = []
    many = (looked_at.append(cidr) or cidr for cidr in RANGES)

    with reservations.hold(ONE, tmp_path):
        assert reservations.free("service_cidr", many, TWO) == RANGES[1]

    assert looked_at == list(RANGES[:2])


def test_what_a_stopped_cluster_will_use_again_is_left_to_it_as_long_as_others_are_free(tmp_path, registry):
    for age, (name, cidr) in enumerate((("c", RANGES[2]), ("a", RANGES[0]), ("b", RANGES[1]))):
        assert reservations.free("service_cidr", RANGES, TWO) == (RANGES[0] if age < 2 else RANGES[1])
        (tmp_path / name).mkdir()
        reservations.hold(replace(ONE, home_id=name, service_cidr=cidr), tmp_path / name).close()
        os.utime(registry / f"{name}.json", (age, age))

    assert reservations.free("service_cidr", RANGES, TWO) == RANGES[2]  # unused for longest
    (tmp_path / "a").rmdir()
    assert reservations.free("service_cidr", RANGES, TWO) == RANGES[0]


def test_a_damaged_registry_costs_nothing_but_its_knowledge(tmp_path, registry):
    reservations.hold(ONE, tmp_path).close()
    (registry / "bad.json").write_text("{")
    (registry / "worse.json").write_text('{"home": "/", "home_id": "w", "service_cidr": "x/y"}')

    assert reservations.free("service_cidr", RANGES, TWO) == RANGES[1]
    assert reservations.home_of(ONE.home_id) == str(tmp_path)
    assert reservations.home_of("unknown") == ""


def test_homes_that_are_gone_are_forgotten_in_time(tmp_path, registry):
    registry.mkdir(parents=True)
    (registry / "old.json").write_text(json.dumps({"home": str(tmp_path / "gone"), "home_id": "old"}))
    os.utime(registry / "old.json", (1, 1))

    reservations.hold(ONE, tmp_path).close()

    assert [path.name for path in registry.iterdir()] == [f"{ONE.home_id}.json"]


def test_two_that_choose_at_once_take_turns():
    order, inside, begun = [], threading.Event(), threading.Event()

    def other():
        begun.set()
        with reservations.turn():
            order.append("second")

    with reservations.turn():
        thread = threading.Thread(target=other)
        thread.start()
        begun.wait(30)
        inside.wait(0.1)  # time enough for it to come between
        order.append("first")
    thread.join(30)

    assert order == ["first", "second"]


def test_a_turn_that_never_ends_is_named_and_no_process_goes_on_without_it(monkeypatch):
    monkeypatch.setattr(reservations, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(reservations, "TURN", f"\0sampan-reserving-of-test-{os.getpid()}")  # not that of other clusters

    with (
        reservations.turn(),
        pytest.raises(ConfigError, match="another cluster of this machine has been choosing its addresses"),
        reservations.turn(),
    ):
        pytest.fail("two at once")

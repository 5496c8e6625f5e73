from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sampan.errors import ConfigError
from sampan_runtime.contracts import RuntimeOffer
from sampan_settings import options as options_module
from sampan_settings import reservations
from sampan_settings.options import (
    NODE_PORTS,
    cluster_options,
    endpoint_address,
    hold_reservation,
    proposed,
    refuse_in_use,
)
from sampan_settings.reservations import Reservation
from sampan_settings.settings import parse


class Offering:
    """Plugins that offer these container runtimes."""

    def __init__(self, *offers):
        self.offers = offers

    def ask(self, hook):
        assert hook == "contribute_runtimes"
        return [("runtimes", self.offers)]


@pytest.fixture(autouse=True)
def registry(tmp_path, monkeypatch):
    """Of this test's homes alone."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def options(home, **network):
    given = {"home": str(home), "network": network, "node": {"name": "n", "ip": "10.0.0.9", "runtime": "exec"}}
    return cluster_options(parse(given), Offering())


def test_addresses_follow_from_the_range_of_services(tmp_path):
    found = options(tmp_path, service_cidr="10.50.0.0/16")

    assert (found.service_ip, found.dns_ip) == ("10.50.0.1", "10.50.0.10")
    assert (found.node_name, found.node_ip, found.cluster_domain) == ("n", "10.0.0.9", "cluster.local")
    assert found.pki == f"{tmp_path}/pki"


def test_the_range_is_remembered_and_cannot_change(tmp_path):
    options(tmp_path, service_cidr="10.50.0.0/16")

    assert options(tmp_path).service_cidr == "10.50.0.0/16"
    assert json.loads((tmp_path / "cluster.json").read_text())["service_cidr"] == "10.50.0.0/16"
    with pytest.raises(ConfigError, match=r"this cluster was made with 10\.50\.0\.0/16"):
        options(tmp_path, service_cidr="10.60.0.0/16")


@pytest.fixture
def neighbours(tmp_path, monkeypatch):
    """What other clusters of this machine hold; nothing at first, whatever runs here."""
    found = []
    monkeypatch.setattr(reservations, "held", lambda: found)
    monkeypatch.setattr(options_module, "_routes", list)
    monkeypatch.setattr(options_module, "may_use_nftables", lambda: True)
    return found


def test_the_first_cluster_of_a_machine_has_the_usual_ranges(tmp_path, neighbours):
    found = options(tmp_path / "one")

    assert (found.service_cidr, found.node_port_range) == ("10.96.0.0/16", "30000-32767")


def test_a_second_cluster_gets_what_is_free_and_keeps_it(tmp_path, neighbours):
    one = options(tmp_path / "one")
    neighbours.append(Reservation(one.home_id, "a", one.service_cidr, one.node_port_range, one.loopback_pods))

    two = options(tmp_path / "two")
    neighbours.clear()

    assert (two.service_cidr, two.node_port_range) == ("10.97.0.0/16", NODE_PORTS[1])
    assert options(tmp_path / "two") == two
    assert two.home_id != one.home_id


def test_what_another_home_has_chosen_and_does_not_run_yet_is_left_to_it(tmp_path, neighbours):
    one, two = options(tmp_path / "one"), options(tmp_path / "two")

    assert (two.service_cidr, two.node_port_range) == ("10.97.0.0/16", NODE_PORTS[1])
    assert options(tmp_path / "one") == one


def test_a_cluster_without_a_node_takes_no_range_from_others(tmp_path, neighbours):
    cluster_options(parse({"home": str(tmp_path / "one"), "node": {"enabled": False, "ip": "10.0.0.9"}}), Offering())

    assert options(tmp_path / "two").service_cidr == "10.96.0.0/16"


def test_what_this_machine_has_a_route_to_is_no_range_for_services(tmp_path, neighbours, monkeypatch):
    monkeypatch.setattr(options_module, "_routes", lambda: ["10.96.4.0/24", "172.17.0.0/16"])

    assert options(tmp_path).service_cidr == "10.97.0.0/16"


def test_routes_are_read_from_the_kernels_table(tmp_path):
    table = tmp_path / "route"
    table.write_text(
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
        "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
        "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
    )

    assert list(options_module._routes(str(table))) == ["172.17.0.0/255.255.0.0"]


def test_where_all_is_in_use_it_is_said(tmp_path, neighbours):
    neighbours.append(Reservation("x", "a", "10.0.0.0/8", "1-65535", "127.250.1.0/24"))

    with pytest.raises(ConfigError, match=r"all of 10\.96\.0\.0/16 … .* set network\.service_cidr to a free range"):
        options(tmp_path)


def test_ports_that_are_set_go_before_those_that_were_chosen(tmp_path, neighbours):
    options(tmp_path)

    assert options(tmp_path, node_ports="31000-31009").node_port_range == "31000-31009"
    assert options(tmp_path).node_port_range == "31000-31009"


def test_a_set_range_that_is_in_use_is_refused_before_anything_is_written(tmp_path, neighbours):
    neighbours.append(Reservation("x", "a", "10.50.0.0/16", "30000-32767", "127.250.1.0/24"))
    settings = parse({"home": str(tmp_path / "home"), "network": {"service_cidr": "10.50.0.0/16"}})

    with pytest.raises(ConfigError, match=r"network\.service_cidr 10\.50\.0\.0/16 is in use"):
        refuse_in_use(settings)

    assert not (tmp_path / "home").exists()


def test_without_a_node_nothing_is_reserved_and_the_usual_ranges_will_do(tmp_path, neighbours):
    neighbours.append(Reservation("x", "a", "10.96.0.0/16", "30000-32767", "127.250.1.0/24"))
    settings = parse({"home": str(tmp_path), "node": {"enabled": False}})

    refuse_in_use(settings)

    assert hold_reservation(settings) is None
    assert cluster_options(settings, Offering()).service_cidr == "10.96.0.0/16"


def test_pods_on_loopback_have_a_network_that_no_other_home_has(tmp_path, neighbours):
    one = options(tmp_path / "one")
    first = one.loopback_pods
    (tmp_path / "one" / "machine.json").unlink()
    neighbours.append(Reservation("x", "a", "10.50.0.0/16", "1-2", first))

    other = options(tmp_path / "one").loopback_pods

    assert other != first
    assert options(tmp_path / "one").loopback_pods == other


def test_a_copied_home_gets_a_pod_network_of_its_own(tmp_path, neighbours):
    one = options(tmp_path / "one")
    neighbours.append(Reservation(one.home_id, "a", one.service_cidr, one.node_port_range, one.loopback_pods))
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "machine.json").write_text((tmp_path / "one" / "machine.json").read_text())

    assert options(tmp_path / "two").loopback_pods != one.loopback_pods


def test_the_registry_is_this_users_own(tmp_path):
    assert reservations.registry({"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "sampan" / "homes"
    own = Path("/var/lib/sampan/homes") if os.geteuid() == 0 else Path.home() / ".local/state/sampan/homes"
    assert reservations.registry({}) == own


def test_first_starts_at_the_same_time_get_different_ranges(tmp_path):
    script = (
        "import json, sys; from pathlib import Path; from sampan_settings import reservations;"
        "from sampan_settings.options import hold_reservation; from sampan_settings.settings import parse\n"
        "with reservations.turn():\n"
        "    held = hold_reservation(parse({'home': sys.argv[1], 'node': {'runtime': 'exec'}}))\n"
        "print((Path(sys.argv[1]) / 'cluster.json').read_text(), flush=True); input()"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / f"home-{number}")], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")},
        )
        for number in range(6)
    ]  # fmt: skip
    found = [json.loads(process.stdout.readline()) for process in processes]
    for process in processes:
        process.communicate("\n")

    for key in ("service_cidr", "node_ports"):
        assert len({each[key] for each in found}) == 6


def test_pods_reach_the_server_where_their_runtime_says(tmp_path):
    bridged = RuntimeOffer(name="bridged", pods="containers", host_address=lambda: "172.17.0.1")
    plain = RuntimeOffer(name="plain", pods="processes", priority=1)

    def reached(*offers, **settings):
        return endpoint_address(parse({"home": str(tmp_path), **settings}), Offering(*offers))

    assert reached(plain, bridged) == "172.17.0.1"
    assert reached(plain, bridged, node={"runtime": "plain"}) == "127.0.0.1"
    assert reached(bridged, api={"advertise": "192.0.2.1"}) == "192.0.2.1"
    assert reached() == "127.0.0.1"


def test_what_is_proposed_before_a_cluster_is_made_writes_nothing(tmp_path):
    found = proposed(parse({"home": str(tmp_path / "home"), "node": {"runtime": "exec"}}))

    assert (found.runtime, found.service_cidr, found.cluster_domain) == ("exec", "", "cluster.local")
    assert not (tmp_path / "home").exists()

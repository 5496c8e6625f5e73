from __future__ import annotations

import json

import pytest

from sampan_loadbalancer.holding import FILE, ROUNDS, Holding, guard_rules


class Machine:
    def __init__(self):
        self.on, self.announced, self.failing = {}, [], False

    def add(self, address, interface):
        if self.failing:
            raise OSError(1, "Operation not permitted")
        if address in self.on:
            return False
        self.on[address] = interface
        return True

    def remove(self, address, interface):
        assert self.on.pop(address) == interface

    def announce(self, address, interface):
        self.announced.append((address, interface))

    def interface_of(self, address):
        return "eth0" if address.startswith("192.0.2.") else "lo"


class Kernel:
    def __init__(self):
        self.scripts = []

    def run(self, script):
        self.scripts.append(script)


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def kernel():
    return Kernel()


def holding(tmp_path, kernel, machine):
    return Holding(str(tmp_path), kernel, "t", machine=machine)


def test_addresses_come_go_and_are_announced_where_there_are_neighbours(tmp_path, kernel, machine):
    held = holding(tmp_path, kernel, machine)
    held.apply({"192.0.2.1", "198.51.100.1"})
    assert machine.on == {"192.0.2.1": "eth0", "198.51.100.1": "lo"}
    assert machine.announced == [("192.0.2.1", "eth0")]

    held.apply({"192.0.2.1"})
    held.apply({"192.0.2.1"})
    assert machine.on == {"192.0.2.1": "eth0"}
    assert len(machine.announced) == 1
    assert len(kernel.scripts) == 2


def test_a_new_address_is_announced_several_times_for_a_frame_may_be_lost(tmp_path, kernel, machine):
    held = holding(tmp_path, kernel, machine)
    held.apply({"192.0.2.1", "198.51.100.1"})
    assert held.repeats

    for _ in range(ROUNDS - 1):
        held.repeat()
    assert machine.announced == [("192.0.2.1", "eth0")] * ROUNDS
    assert not held.repeats

    held.apply({"192.0.2.1", "192.0.2.2"})
    held.apply({"192.0.2.1"})
    assert machine.announced[ROUNDS:] == [("192.0.2.2", "eth0")]
    assert not held.repeats


def test_after_a_kill_the_next_process_removes_what_is_not_wanted_any_more(tmp_path, kernel, machine):
    holding(tmp_path, kernel, machine).apply({"192.0.2.1", "192.0.2.2"})
    later = holding(tmp_path, kernel, machine)
    later.apply({"192.0.2.2"})
    assert machine.on == {"192.0.2.2": "eth0"}
    later.remove()
    assert machine.on == {}
    assert json.loads((tmp_path / FILE).read_text()) == {}


def test_an_address_that_the_machine_had_before_stays(tmp_path, kernel, machine):
    machine.on["192.0.2.1"] = "eth0"
    held = holding(tmp_path, kernel, machine)
    held.apply({"192.0.2.1"})
    held.repeat()
    held.remove()
    assert machine.on == {"192.0.2.1": "eth0"}


def test_a_failure_is_tried_again(tmp_path, kernel, machine):
    held = holding(tmp_path, kernel, machine)
    machine.failing = True
    with pytest.raises(OSError, match="not permitted"):
        held.apply({"192.0.2.1"})
    machine.failing = False
    held.apply({"192.0.2.1"})
    assert machine.on == {"192.0.2.1": "eth0"}


def test_loopback_addresses_need_no_interface(tmp_path, machine):
    holding(tmp_path, None, machine).apply({"127.99.0.1"})
    assert machine.on == {}


def test_a_file_that_cannot_be_read_counts_as_none(tmp_path, kernel, machine):
    (tmp_path / FILE).write_text("[1")
    holding(tmp_path, kernel, machine).apply(set())


def test_the_guards_table_replaces_itself():
    assert guard_rules("t", {"192.0.2.1"}).startswith("add table inet t\ndelete table inet t\n")
    assert "elements = { 192.0.2.1 }" in guard_rules("t", {"192.0.2.1"})
    assert "elements" not in guard_rules("t", set())

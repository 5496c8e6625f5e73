from __future__ import annotations

import pytest

from sampan_loadbalancer.pools import Pool, check


def test_addresses_ranges_and_networks_are_one_pool_in_their_order():
    pool = Pool(["192.0.2.9", "192.0.2.1-192.0.2.3", "198.51.100.0/30", "203.0.113.8/31"])
    assert list(pool)[:4] == ["192.0.2.9", "192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert list(pool)[4:] == ["198.51.100.1", "198.51.100.2", "203.0.113.8", "203.0.113.9"]
    assert "192.0.2.2" in pool
    assert [one for one in ("192.0.2.4", "198.51.100.0", "x", "") if one in pool] == []
    assert not Pool()


@pytest.mark.parametrize(
    "entry", ["", "x", "192.0.2.0/33", "192.0.2.9-192.0.2.1", "10.0.0.0/8", "2001:db8::1", "1.2.3.4-"]
)
def test_what_is_no_entry_is_told(entry):
    assert repr(entry) in check(entry)


@pytest.mark.parametrize("entry", ["192.0.2.1", "192.0.2.1-192.0.2.1", "10.0.0.0/16"])
def test_what_is_an_entry_is_taken(entry):
    assert check(entry) == ""

"""Addresses of pods: each uid has one, and no two the same."""

from __future__ import annotations

from sampan_hollow.addresses import Pool


def test_a_uid_keeps_its_address_until_it_is_released():
    pool = Pool("10.0.0.0/29")

    first, second = pool.take("a"), pool.take("b")
    assert (first, pool.take("a")) == ("10.0.0.1", "10.0.0.1")
    assert second == "10.0.0.2"

    pool.release("a")
    assert [pool.take(uid) for uid in "cdefg"] == ["10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.1"]


def test_an_address_of_an_earlier_run_is_not_given_out_again():
    pool = Pool("10.0.0.0/29")
    pool.keep("old", "10.0.0.1")
    pool.keep("foreign", "192.0.2.1")

    assert pool.take("new") == "10.0.0.2"
    assert pool.take("old") == "10.0.0.1"


def test_a_pool_that_is_used_up_gives_none():
    pool = Pool("10.0.0.0/30")

    assert [pool.take(uid) for uid in "abc"] == ["10.0.0.1", "10.0.0.2", ""]

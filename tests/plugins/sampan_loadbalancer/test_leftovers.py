from __future__ import annotations

from sampan_loadbalancer.leftovers import of_tables


def test_only_the_tables_of_load_balancers_are_named():
    (found,) = of_tables("table inet sampan_abc\ntable inet sampanlb_abc\ntable inet other\n")
    assert (found.remove, found.home_id) == ("nft delete table inet sampanlb_abc", "abc")

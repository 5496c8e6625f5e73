from __future__ import annotations

from sampan_networkpolicy.leftovers import of_tables

SAID = "table ip sampan_abc\ntable inet sampan_abc\ntable bridge sampan_abc\ntable inet other\n"


def test_tables_of_both_families_are_named_and_the_proxys_are_not():
    found = list(of_tables(SAID))
    assert [(one.remove, one.home_id) for one in found] == [
        ("nft delete table inet sampan_abc", "abc"), ("nft delete table bridge sampan_abc", "abc"),
    ]  # fmt: skip

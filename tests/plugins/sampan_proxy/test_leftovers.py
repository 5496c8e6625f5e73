from __future__ import annotations

from sampan_proxy.leftovers import of_rules, of_tables
from sampan_proxy.passing import _rule


def test_tables_of_clusters_are_told_from_others():
    found = list(of_tables("table ip nat\ntable ip sampan_0123456789ab\ntable ip6 sampan_x\n"))

    assert [(each.home_id, each.remove) for each in found] == [
        ("0123456789ab", "nft delete table ip sampan_0123456789ab")
    ]


def test_rules_of_clusters_are_told_from_others():
    rule = " ".join(_rule("sampan_0123456789ab"))

    found = list(of_rules(f"-N DOCKER-USER\n-A DOCKER-USER {rule}\n-A DOCKER-USER -j RETURN\n"))

    assert [(each.home_id, each.remove) for each in found] == [("0123456789ab", f"iptables -D DOCKER-USER {rule}")]

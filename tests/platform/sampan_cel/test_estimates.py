"""What calls cost before they run: figures of Kubernetes' cel/library/cost_test.go."""

import pytest

from sampan_cel import Environment
from sampan_cel.extensions import ALL


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("[1, 2, 3, 4, 5].sum()", (15, 15)),
        ("[false, true].max()", (12, 12)),
        ("'01234567890123456789012345678901234567890123456789'.indexOf('123')", (5, 5)),
        ("url('https:://kubernetes.io/').getHost()", (4, 4)),
        ("url('https:://kubernetes.io/') == url('https:://kubernetes.io/')", (7, 9)),
        ("ip('192.168.0.1') == ip('192.168.0.1')", (5, 5)),
        ("ip.isCanonical('2001:db8:3333:4444:5555:6666:7777:8888')", (8, 8)),
        ("cidr('192.168.0.0/16').containsCIDR('192.0.0.0/30')", (7, 11)),
        ("cidr('192.168.0.0/16').containsIP('192.169.0.1')", (5, 8)),
        ("'ABCDEFGHIJ abcdefghij'.lowerAscii() == 'abcdefghij ABCDEFGHIJ'.lowerAscii()", (7, 9)),
        ("strings.quote('ABCDEFGHIJ abcdefghij') == strings.quote('ABCDEFGHIJ abcdefghij')", (7, 11)),
        ("'abc 123 def 123'.replace('123', '456')", (3, 3)),
        ("'abc 123 def 123'.replace('', 'x')", (3, 3)),
        ("'abc 123 def 123'.split(' ', 1)", (3, 3)),
        ("'abc 123 def 123'.substring(5, 8)", (2, 2)),
        ("'abc 123 def 123'.findAll('123', 1)", (2, 2)),
        ("sets.contains([1, 2.0, 3u], [1.0, 2u, 3])", (30, 30)),
        ("sets.equivalent([1, 2, 3], [3u, 2.0, 1])", (39, 39)),
        ("[1, 2].transformList(i, v, v < 5, v + 1)", (27, 53)),
        ("[3, 1, 2].sort()", (10 + 1 + 10 + 18, 10 + 1 + 10 + 18)),
        ("lists.range(5)", (16, 16)),
    ],
)
def test_the_cost_of_calls(text, cost):
    assert Environment({}, ALL).compile(text, sizes=lambda path, type: None).estimate == cost

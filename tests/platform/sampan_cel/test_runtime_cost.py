"""What an evaluation costs: figures of cel-go and of Kubernetes' cel/library/cost_test.go, without has()."""

import pytest

from sampan_cel import Environment, types
from sampan_cel.extensions import ALL


def cost(text, **values):
    return Environment(dict.fromkeys(values, types.DYN), ALL).compile(text).measure(values)[1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x.a.b", 3),
        ("has(x.a.b)", 2),
        ("x.a.b == 1 || x.c", 4),  # the other side is not asked
        ("x.a.b == 2 || x.a.b == 1", 8),
        ("x.a.b == 1 ? x.a : x.a.b.c.d.e", 6),
        ("x.list.all(i, i > 0)", 2 + 1 + 3 * 5),
        ("x.list.exists(i, i > 0)", 2 + 1 + 6 + 3),  # it is asked once more whether to go on
        ("x.list.exists_one(i, i > 2)", 2 + 2 + 3 * 3 + 1),
        ("x.list.map(i, i)", 2 + 11 + 3 * 13),
        ("x.list.filter(i, i > 1)", 2 + 11 + 3 * 2 + 13 * 2 + 1),
        ("{'a': x.a.b}.transformMap(k, v, v + 1)", 30 + 3 + 30 + 1 + 5),
        ("x.text == x.text", 4 + 3),
        ("x.text.startsWith('a')", 2 + 3),
        ("x.text.contains('a')", 2 + 3),
        ("x.text.matches('a+b')", 2 + 3),
        ("x.text + x.text", 4 + 5),
        ("x.a.b in [1, 2, 3]", 3),  # a list of constants is looked up
        ("2 in x.list", 2 + 3),
        ("sets.contains(x.list, x.list)", 4 + 1 + 9),
        ("x.list.sum()", 2 + 3),
        ("cidr('192.168.0.0/16').containsIP('192.169.0.1')", 2 + 3),
        ("'abc 123 def 123'.replace('123', '456')", 3),
    ],
)
def test_the_cost_of_an_evaluation(text, found):
    assert cost(text, x={"a": {"b": 1}, "list": [1, 2, 3], "text": "a" * 25}) == found

"""Which overload a call has."""

import pytest

from sampan_cel import CelError, types
from sampan_cel.activation import Code
from sampan_cel.calls import call
from sampan_cel.declarations import function
from sampan_cel.types import INT, STRING

OVERLOADS = [
    function((INT, INT), INT, lambda x, y: x + y, 5),
    function((STRING, STRING), STRING, lambda x, y: x + y, lambda x, y: len(x) + len(y)),
]


def run(given, *values):
    args = [Code(lambda a, value=value: value, 1) for value in values]
    code = call([each for each in OVERLOADS if given != [INT, INT] or each.params[0] == INT], given, args)
    left = [100 - code.cost]
    return code.run(left), 100 - left[0]


def test_an_overload_that_is_known_to_fit_has_its_cost_at_once():
    assert run([INT, INT], 1, 2) == (3, 2 + 5)


def test_the_overload_is_found_by_the_values_where_the_types_are_dynamic():
    assert run([types.DYN, types.DYN], 1, 2) == (3, 2 + 5)
    assert run([types.DYN, types.DYN], "ab", "c") == ("abc", 2 + 3)


def test_values_that_no_overload_takes_are_refused():
    with pytest.raises(CelError, match="no such overload"):
        run([types.DYN, types.DYN], 1, "a")

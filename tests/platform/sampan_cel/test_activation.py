import pytest

from sampan_cel.activation import charge
from sampan_cel.errors import CostExceeded


def test_what_is_charged_is_gone_and_no_more_than_there_is_can_be():
    activation = [3, "of a variable"]

    charge(activation, 2)
    charge(activation, 1)

    assert activation == [0, "of a variable"]
    with pytest.raises(CostExceeded, match="actual cost limit exceeded"):
        charge(activation, 1)

import pytest

from sampan_runtimeclasses.tolerations import covers, merged

ALL = {"operator": "Exists"}
A = {"key": "a", "operator": "Exists"}
NO_EXECUTE = {"key": "a", "operator": "Exists", "effect": "NoExecute"}
A_B = {"key": "a", "operator": "Equal", "value": "b"}


@pytest.mark.parametrize(
    "wide, narrow, so",
    [
        (A, A, True),
        (ALL, A_B, True),
        (A, A_B, True),
        (A_B, A, False),
        (A_B, {"key": "a", "value": "b"}, True),
        (A_B, {"key": "a", "operator": "Equal", "value": "c"}, False),
        ({**A, "effect": "NoSchedule"}, A, False),
        (A, {**A, "effect": "NoSchedule"}, True),
        ({**NO_EXECUTE, "tolerationSeconds": 5}, NO_EXECUTE, False),
        (
            {**NO_EXECUTE, "tolerationSeconds": 5},
            {**NO_EXECUTE, "tolerationSeconds": 9},
            False,
        ),
        (
            {**NO_EXECUTE, "tolerationSeconds": 9},
            {**NO_EXECUTE, "tolerationSeconds": 5},
            True,
        ),
        ({"key": "", "operator": "Equal"}, A_B, False),
    ],
)
def test_which_toleration_covers_which(wide, narrow, so):
    assert covers(wide, narrow) is so


@pytest.mark.parametrize(
    "first, second, all_of_them",
    [
        ([], [A], [A]),
        ([A], [A], [A]),
        ([A_B], [A], [A]),
        ([A], [A_B], [A]),
        ([A_B], [{"key": "c", "operator": "Exists"}], [A_B, {"key": "c", "operator": "Exists"}]),
    ],
)
def test_what_another_covers_is_left_out(first, second, all_of_them):
    assert merged(first, second) == all_of_them

from sampan_machinery.contentcache import ContentCache


class Computed:
    """Counts how often something is computed."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> int:
        self.times += 1
        return self.times


def test_an_equal_value_is_computed_once():
    cache, compute = ContentCache[int](), Computed()

    first = cache.of({"a": [1, {"b": "x"}]}, compute)
    second = cache.of({"a": [1, {"b": "x"}]}, compute)

    assert (first, second, compute.times) == (1, 1, 1)


def test_numbers_and_booleans_that_python_calls_equal_are_different_values():
    cache, compute = ContentCache[int](), Computed()

    found = [cache.of(value, compute) for value in (1, 1.0, True, "1", None)]

    assert found == [1, 2, 3, 4, 5]


def test_a_result_that_shall_not_be_kept_is_computed_again():
    cache, compute = ContentCache[int](), Computed()

    found = [cache.of({}, compute, keep=lambda result: result > 1) for _ in range(3)]

    assert found == [1, 2, 2]


def test_long_values_and_such_as_json_has_not_are_computed_each_time():
    cache, compute = ContentCache[int](longest=10), Computed()

    for value in ("x" * 100, "\ud800", 2**70):
        before = compute.times
        cache.of(value, compute)
        cache.of(value, compute)
        assert compute.times == before + 2


def test_it_keeps_a_bounded_number_and_what_is_used_stays():
    cache, compute = ContentCache[int](entries=4), Computed()

    for number in range(100):
        assert cache.of("used", compute) == 1 or number == 0
        cache.of(number, compute)

    assert compute.times == 101
    assert len(cache._young) + len(cache._old) <= 8

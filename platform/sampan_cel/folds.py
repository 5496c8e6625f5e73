"""The macros over lists and maps: a round for each element, and what is made of the rounds.

A round costs what cel-go charges for the loop that it writes out for the macro: asking whether to go on, the step, and
what the step's expressions cost.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from sampan_cel.activation import Activation, Closure, Code, charge
from sampan_cel.errors import CelError
from sampan_cel.values import BoolKey, no_overload, unkeyed

Rounds = Callable[[Activation], Generator[Any, None, None]]
_END = object()


def rounds_of(over: Closure, slots: Sequence[int], cost: int) -> Rounds:
    """A generator function: sets the variables of each round and charges it."""

    def one(a: Activation) -> Generator[Any, None, None]:
        (slot,) = slots
        value = over(a)
        if isinstance(value, (list, tuple)):
            items: Any = value
        elif isinstance(value, Mapping):
            items = map(unkeyed, value)
        else:
            raise no_overload()
        for item in items:
            a[0] -= cost
            if a[0] < 0:
                charge(a, 0)
            a[slot] = item
            yield item

    def two(a: Activation) -> Generator[Any, None, None]:
        first, second = slots
        value = over(a)
        if isinstance(value, (list, tuple)):
            items: Any = enumerate(value)
        elif isinstance(value, Mapping):
            items = value.items()
        else:
            raise no_overload()
        for key, item in items:
            charge(a, cost)
            a[first], a[second] = unkeyed(key) if type(key) is BoolKey else key, item
            yield key

    return one if len(slots) == 1 else two


def _quantified(decisive: bool, asking: int) -> Callable[..., Code]:
    """all (decided by False) and exists (decided by True): an error counts only where nothing decides. ``asking``: the
    cost of asking whether to go on."""

    def make(over: Closure, slots: Sequence[int], condition: Code | None, body: Code) -> Code:
        run, step = body.run, 1 + body.cost
        rounds = rounds_of(over, slots, asking + step)

        def quantified(a: Activation) -> Any:
            failed: CelError | None = None
            turns = rounds(a)
            for _ in turns:
                try:
                    value = run(a)
                except CelError as error:
                    failed = failed or error
                    continue
                if value is decisive:
                    if next(turns, _END) is not _END:  # it is asked, and goes no further
                        a[0] += step
                    return decisive
                if type(value) is not bool:
                    failed = failed or no_overload()
            if failed is not None:
                raise failed
            return not decisive

        return Code(quantified, 1)

    return make


def _test(value: Any) -> bool:
    if value is True or value is False:
        return value is True
    raise no_overload()


def _exists_one(over: Closure, slots: Sequence[int], condition: Code | None, body: Code) -> Code:
    run, rounds = body.run, rounds_of(over, slots, body.cost + 1)

    def exists_one(a: Activation) -> bool:
        found = sum([_test(run(a)) for _ in rounds(a)])
        a[0] -= found
        return found == 1

    return Code(exists_one, 2)


def _kept(over: Closure, slots: Sequence[int], condition: Code | None, cost: int) -> Rounds:
    """The rounds whose condition holds. ``cost`` of one that is kept; another costs 1 beside the condition."""
    if condition is None:
        return rounds_of(over, slots, cost)
    test, rounds = condition.run, rounds_of(over, slots, condition.cost)

    def kept(a: Activation) -> Generator[Any, None, None]:
        for each in rounds(a):
            if _test(test(a)):
                a[0] -= cost
                yield each
            else:
                a[0] -= 1

    return kept


def _map_to_list(over: Closure, slots: Sequence[int], condition: Code | None, body: Code) -> Code:
    run, rounds = body.run, _kept(over, slots, condition, body.cost + 12)
    return Code(lambda a: [run(a) for _ in rounds(a)], 11)


def _filter(over: Closure, slots: Sequence[int], condition: Code | None, body: Code) -> Code:
    rounds = _kept(over, slots, body, 13)
    return Code(lambda a: list(rounds(a)), 11)


def _map_to_map(over: Closure, slots: Sequence[int], condition: Code | None, body: Code) -> Code:
    run, rounds = body.run, _kept(over, slots, condition, body.cost + 3)
    return Code(lambda a: {key: run(a) for key in rounds(a)}, 31)


def _map_to_entries(over: Closure, slots: Sequence[int], condition: Code | None, body: Code) -> Code:
    run, rounds = body.run, _kept(over, slots, condition, body.cost + 2)

    def entries(a: Activation) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for _ in rounds(a):
            made = run(a)
            if not isinstance(made, Mapping):
                raise no_overload()
            for key, value in made.items():
                if key in found:
                    raise CelError(f"insert failed: key {unkeyed(key)} already exists")
                found[key] = value
        return found

    return Code(entries, 31)


FOLDS: Mapping[str, Callable[..., Code]] = {
    "all": _quantified(False, 2), "exists": _quantified(True, 3), "existsOne": _exists_one, "map": _map_to_list,
    "filter": _filter, "transformList": _map_to_list, "transformMap": _map_to_map,
    "transformMapEntry": _map_to_entries,
}  # fmt: skip

"""The macros over lists and maps: a round for each element, and what is made of the rounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sampan_cel.activation import Activation, Closure, charge
from sampan_cel.errors import CelError
from sampan_cel.values import BoolKey, no_overload, unkeyed

Rounds = Callable[[Activation], Any]


def rounds_of(over: Closure, slots: Sequence[int], cost: int) -> Rounds:
    """A generator function: sets the variables of each round and charges it."""

    def one(a: Activation) -> Any:
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

    def two(a: Activation) -> Any:
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


def _quantified(decisive: bool) -> Callable[..., Closure]:
    """all (decided by False) and exists (decided by True): an error counts only where nothing decides."""

    def make(rounds: Rounds, condition: Closure | None, body: Closure, over: Closure) -> Closure:
        def quantified(a: Activation) -> Any:
            failed: CelError | None = None
            for _ in rounds(a):
                try:
                    value = body(a)
                except CelError as error:
                    failed = failed or error
                    continue
                if value is decisive:
                    return decisive
                if type(value) is not bool:
                    failed = failed or no_overload()
            if failed is not None:
                raise failed
            return not decisive

        return quantified

    return make


def _test(value: Any) -> bool:
    if value is True or value is False:
        return value is True
    raise no_overload()


def _exists_one(rounds: Rounds, condition: Closure | None, body: Closure, over: Closure) -> Closure:
    return lambda a: sum([_test(body(a)) for _ in rounds(a)]) == 1


def _map_to_list(rounds: Rounds, condition: Closure | None, body: Closure, over: Closure) -> Closure:
    if condition is None:
        return lambda a: [body(a) for _ in rounds(a)]
    return lambda a: [body(a) for _ in rounds(a) if _test(condition(a))]


def _filter(rounds: Rounds, condition: Closure | None, body: Closure, over: Closure) -> Closure:
    return lambda a: [item for item in rounds(a) if _test(body(a))]


def _map_to_map(rounds: Rounds, condition: Closure | None, body: Closure, over: Closure) -> Closure:
    if condition is None:
        return lambda a: {key: body(a) for key in rounds(a)}
    return lambda a: {key: body(a) for key in rounds(a) if _test(condition(a))}


def _map_to_entries(rounds: Rounds, condition: Closure | None, body: Closure, over: Closure) -> Closure:
    def entries(a: Activation) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for _ in rounds(a):
            if condition is not None and not _test(condition(a)):
                continue
            made = body(a)
            if not isinstance(made, Mapping):
                raise no_overload()
            for key, value in made.items():
                if key in found:
                    raise CelError(f"insert failed: key {unkeyed(key)} already exists")
                found[key] = value
        return found

    return entries


FOLDS: Mapping[str, Callable[..., Closure]] = {
    "all": _quantified(False), "exists": _quantified(True), "existsOne": _exists_one, "map": _map_to_list,
    "filter": _filter, "transformList": _map_to_list, "transformMap": _map_to_map,
    "transformMapEntry": _map_to_entries,
}  # fmt: skip

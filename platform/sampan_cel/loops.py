"""The loops of macros as Python functions, where ``inlining`` can write their body.

Such a function gives the value and the cost that the closures of ``folds`` give, or AGAIN: then it has changed nothing,
and the closures do the work. It gives up where anything fails and where the cost that is left might not be enough, so
that errors and limits are the closures' business alone. It is compiled when its macro has done HOT rounds: compiling
takes as long as some hundred rounds of closures, and most rules of most clusters are never asked about a long list.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sampan_cel.activation import MISSING, Activation, Closure
from sampan_cel.ast import Fold
from sampan_cel.inlining import Inlined, Inliner, NotInlined
from sampan_cel.types import Type

HOT = 300  # rounds
AGAIN = object()
_PLAIN = (list, dict)  # a map has no bool for a key where its type has none
_NAMES = {"iter": iter, "hint": operator.length_hint, "enumerate": enumerate, "MISSING": MISSING, "AGAIN": AGAIN}
Loop = Callable[[Activation, Any], Any]


def quickened(closure: Closure, over: Closure, held: int, text: str, names: dict[str, Any]) -> Closure:
    """``closure`` reads what it loops over from the slot ``held``; ``over`` is what puts it there."""
    rounds, loop = 0, None

    def run(a: Activation) -> Any:
        nonlocal rounds, loop
        a[held] = value = over(a)
        if type(value) in _PLAIN:
            if loop is None:
                rounds += len(value)
                if rounds < HOT:
                    return closure(a)
                loop = made(text, names)
            try:
                found = loop(a, value)
            except Exception:  # the closures will say what it is
                return closure(a)
            if found is not AGAIN:
                return found
        return closure(a)

    return run


def made(text: str, names: dict[str, Any]) -> Loop:
    """The function that ``text`` defines; one that always answers AGAIN where Python's compiler gives up."""
    space = {"__builtins__": {}, **_NAMES, **names}
    try:
        exec(compile(text, "<CEL>", "exec"), space)
    except (SyntaxError, RecursionError, MemoryError):
        return lambda a, value: AGAIN
    found: Loop = space["loop"]
    return found


def text_of(node: Fold, over: Type, inliner: Inliner, slots: Sequence[int]) -> str | None:
    """The source of a function ``loop(a, value)``; None where there can be none. ``over``: the type of what it loops
    over."""
    write = _KINDS.get(node.kind)
    if write is None or over.name not in ("list", "map") or (over.name == "map" and over.params[0].name != "string"):
        return None
    try:
        lines = write(node, inliner)
    except NotInlined:
        return None
    variables = ", ".join(f"v{slot}" for slot in slots)
    items, each = "value", "items"
    if len(slots) == 2:
        items, each = ("value", "enumerate(items)") if over.name == "list" else ("value.items()", "items")
    lines = [line.replace("EACH", f"for {variables} in {each}:").replace("ITEM", f"v{slots[0]}") for line in lines]
    start = [f"x{slot} = a[{slot}]" for slot in sorted(inliner.outer)]
    start += [f"if x{slot} is MISSING: return AGAIN" for slot in sorted(inliner.given)]
    body = [*start, "most, k = a[0] + 1, 1", f"items = iter({items})", *lines]
    return "def loop(a, value):\n" + "".join(f"    {line}\n" for line in body)


def _quantified(*, is_all: bool, asking: int) -> Callable[[Fold, Inliner], list[str]]:
    """all and exists: the first round that decides ends it, and costs ``asking`` once more where it is not the last."""

    def write(node: Fold, inliner: Inliner) -> list[str]:
        body = inliner.condition(node.body)
        step = 1 + body.cost
        test = f"    if {'not ' if is_all else ''}{body.text}:"
        if "k :=" in body.text:
            return [
                "EACH", f"    k += {asking + step}", "    if k > most: return AGAIN", test,
                f"        if hint(items): k += {asking}", f"        if k + {step} > most: return AGAIN",
                "        a[0] -= k - 1", f"        return {not is_all}", *_END, f"return {is_all}",
            ]  # fmt: skip
        return [
            f"cost = {asking + step} * len(value)", "if cost >= most: return AGAIN", "EACH", test,
            "        rest = hint(items)",
            f"        a[0] -= {asking + step} * (len(value) - rest) + ({asking} if rest else 0)",
            f"        return {not is_all}", "a[0] -= cost", f"return {is_all}",
        ]  # fmt: skip

    return write


def _exists_one(node: Fold, inliner: Inliner) -> list[str]:
    body = inliner.condition(node.body)
    return [
        "found = 0", "EACH", f"    k += {body.cost + 1}", "    if k > most: return AGAIN", f"    if {body.text}:",
        "        found += 1", "k += found", *_END, "return found == 1",
    ]  # fmt: skip


def _map(node: Fold, inliner: Inliner) -> list[str]:
    body = inliner.inline(node.body)
    if node.condition is None:
        kept = ["EACH", f"    k += {body.cost + 12}", "    if k > most: return AGAIN", f"    made.append({body.text})"]
        return ["made = []", *kept, *_END, "return made"]
    return _filtered(inliner.condition(node.condition), body.cost + 12, body.text)


def _filter(node: Fold, inliner: Inliner) -> list[str]:
    return _filtered(inliner.condition(node.body), 13, "ITEM")


def _filtered(condition: Inlined, cost: int, item: str) -> list[str]:
    """``cost`` of one that is kept; another costs 1 beside the condition."""
    return [
        "made = []", "EACH", f"    k += {condition.cost}", "    if k > most: return AGAIN", f"    if {condition.text}:",
        f"        k += {cost}", f"        made.append({item})", "    else: k += 1", *_END, "return made",
    ]  # fmt: skip


_END = ("if k > most: return AGAIN", "a[0] -= k - 1")
_KINDS: Mapping[str, Callable[[Fold, Inliner], list[str]]] = {
    "all": _quantified(is_all=True, asking=2), "exists": _quantified(is_all=False, asking=3),
    "existsOne": _exists_one, "map": _map, "transformList": _map, "filter": _filter,
}  # fmt: skip

"""Whatever the text: it is an expression or is refused in words, and evaluates or fails in words, within its budget."""

from __future__ import annotations

import itertools
import os
import time
from collections import Counter

import pytest
from expressions import VALUES, Expressions

from sampan_cel import Environment, types
from sampan_cel.errors import CelError, CompileError, CostExceeded
from sampan_cel.extensions import ALL
from sampan_cel.standard import STANDARD

SEED, COUNT = int(os.environ.get("FUZZ_SEED", "1")), int(os.environ.get("FUZZ_COUNT", "10000"))
BUDGET = 100_000
LONGEST = 5.0  # seconds of the processor; the budget is spent in some hundredths of one

TYPED = {"self": types.DYN, "n": types.INT, "s": types.STRING, "d": types.DOUBLE, "t": types.BOOL}


@pytest.mark.parametrize("variables", [dict.fromkeys(VALUES, types.DYN), TYPED], ids=["dynamic", "typed"])
def test_no_expression_breaks_the_compiler_nor_its_programs(variables):
    environment = Environment(variables, ALL)
    texts = Expressions(SEED)
    outcomes: Counter[str] = Counter()
    faults: dict[str, str] = {}

    for number in range(COUNT // 2):
        text = texts.next()
        began = time.thread_time()
        try:
            environment.compile(text).evaluate(VALUES, budget=BUDGET)
            outcomes["value"] += 1
        except (CelError, CompileError, CostExceeded) as error:
            assert str(error)
            outcomes[type(error).__name__] += 1
        except Exception as error:
            faults.setdefault(f"{error!r:.100}", f"seed {SEED}, text {number}: {text!r:.500}\n    {error!r:.300}")
        if time.thread_time() - began > LONGEST:
            faults.setdefault(
                "late", f"seed {SEED}, text {number}: {text!r:.500} took {time.thread_time() - began:.1f} s"
            )

    assert not faults, "\n".join(faults.values())
    assert outcomes["value"] > COUNT / 40, "so few are expressions that little is tried"
    assert min(outcomes[name] for name in ("CheckError", "ParseError", "CelError")) > COUNT / 200


#: Of each type one or two, those among them that a function of another type might take for its own.
ANYTHING = (None, True, -3, 2**63 - 1, 1.5, "a", "[a", "10.0.0.1", b"x", [], [1, "a"], [None], [[1], {}], {}, {1: 2})


def test_no_function_takes_a_value_of_another_type_for_its_own():
    """What is known of a ``dyn`` is known only at run time: every overload with every combination."""
    environment = Environment(dict.fromkeys("xyz", types.DYN), ALL)
    faults: dict[str, str] = {}
    tried = 0

    for text, names in calls():
        program = environment.compile(text)
        for values in itertools.product(ANYTHING, repeat=len(names)):
            tried += 1
            try:
                program.evaluate(dict(zip(names, values, strict=True)), budget=BUDGET)
            except (CelError, CostExceeded):
                pass
            except Exception as error:
                faults.setdefault(text, f"{text} of {values}: {error!r}")

    assert not faults, "\n".join(faults.values())
    assert tried > 10_000


def calls():
    """A call of each overload that has a name of letters and at most three operands, once, and the operands."""
    found = {}
    for library in (STANDARD, *ALL):
        for name, overload in [(name, each) for name, overloads in library.functions.items() for each in overloads]:
            names = "xyz"[: len(overload.params)]
            if len(overload.params) > 3 or not name.replace(".", "").replace("_", "").isalnum() or name.startswith("_"):
                continue
            first, rest = names[:1], ", ".join(names[1:])
            found[f"{first}.{name}({rest})" if overload.member else f"{name}({', '.join(names)})"] = names
    return found.items()

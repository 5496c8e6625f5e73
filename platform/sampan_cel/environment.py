"""An environment: what an expression may name; and a program: an expression that was compiled in one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sampan_cel import types
from sampan_cel.activation import MISSING
from sampan_cel.ast import Node
from sampan_cel.checker import Checker
from sampan_cel.compiler import Compiler
from sampan_cel.cost import estimate
from sampan_cel.declarations import Estimator, Library, Overload, SizeOf
from sampan_cel.errors import CelError, CheckError, CostExceeded, Issue
from sampan_cel.estimates import ESTIMATORS
from sampan_cel.parser import parse, too_deep
from sampan_cel.ranges import Range
from sampan_cel.standard import STANDARD
from sampan_cel.types import Type
from sampan_cel.values import no_overload

UNLIMITED = 1 << 62


class Program:
    """A compiled expression; may be evaluated by several threads at a time."""

    __slots__ = ("_cost", "_run", "_slots", "estimate", "text", "type", "variables")

    def __init__(self, text: str, type: Type, run: Any, cost: int, variables: Sequence[str], slots: int) -> None:
        self.text = text
        self.type = type
        #: What it costs at least and at most, where ``compile`` was given sizes.
        self.estimate: Range | None = None
        self._run, self._cost = run, cost
        self.variables = tuple(variables)  # those of the environment that it names
        self._slots = slots

    def evaluate(self, values: Mapping[str, Any], *, budget: int = UNLIMITED) -> Any:
        """The value. Raises CelError, or CostExceeded where it costs more than ``budget``."""
        return self.measure(values, budget=budget)[0]

    def measure(self, values: Mapping[str, Any], *, budget: int = UNLIMITED) -> tuple[Any, int]:
        """The value and what it cost, in cel-go's units: about one for each name, field, call and round of a macro."""
        left = budget - self._cost
        if left < 0:
            raise CostExceeded("operation cancelled: actual cost limit exceeded")
        activation = [left, *[values.get(name, MISSING) for name in self.variables]]
        if (more := self._slots - len(activation)) > 0:
            activation += [None] * more
        try:
            found = self._run(activation)
        except CelError as error:
            error.cost = budget - activation[0]
            raise
        except RecursionError:
            raise CelError("the expression or its values are nested too deeply") from None
        except (TypeError, AttributeError):  # a function met elements of another type in a list of dynamic ones
            raise no_overload() from None
        return found, budget - activation[0]


class Environment:
    """Immutable; ``extended`` makes a larger one."""

    def __init__(
        self,
        variables: Mapping[str, Type] | None = None,
        libraries: Iterable[Library] = (),
        *,
        container: str = "",
    ) -> None:
        self._variables = dict(variables or {})
        self._libraries = tuple(libraries)
        self._container = container
        self._functions: dict[str, list[Overload]] = {}
        self._estimators: dict[str, Estimator] = dict(ESTIMATORS)
        self._named: dict[str, Type] = dict(types.NAMED)
        for library in (STANDARD, *self._libraries):
            for name, overloads in library.functions.items():
                self._functions.setdefault(name, []).extend(overloads)
            self._named.update(library.types)
            self._estimators.update(library.estimators)
        self._strict = any(each.strict for each in self._libraries)
        self._resolvers = tuple(each.resolve for each in self._libraries if each.resolve is not None)

    def extended(self, variables: Mapping[str, Type], libraries: Iterable[Library] = ()) -> Environment:
        """With more variables and libraries."""
        return Environment({**self._variables, **variables}, (*self._libraries, *libraries), container=self._container)

    def compile(self, text: str, *, result: Type | None = None, sizes: SizeOf | None = None) -> Program:
        """Raises ParseError or CheckError, the latter also for a type other than ``result``. With ``sizes``, the
        program has an ``estimate`` of its cost (see ``cost``)."""
        tree = parse(text)
        try:
            return self._compiled(text, tree, result, sizes)
        except RecursionError:
            raise too_deep(text) from None

    def _compiled(self, text: str, tree: Node, result: Type | None, sizes: SizeOf | None) -> Program:
        checker = Checker(
            text,
            self._variables,
            self._functions,
            self._named,
            self._container,
            resolvers=self._resolvers,
            strict=self._strict,
        )
        checked = checker.check(tree)
        if result is not None and checked.type not in (result, types.DYN):
            raise CheckError(text, [Issue(0, f"must evaluate to {result}")])
        names = {found[1:] for found in checked.resolved.values() if isinstance(found, str) and found.startswith(".")}
        used = [name for name in self._variables if name in names]
        compiler = Compiler(checked, used)
        code = compiler.compile(tree)
        program = Program(text, checked.type, code.run, code.cost, used, compiler.slots)
        if sizes is not None:
            program.estimate = estimate(tree, checked, sizes, self._estimators)
        return program

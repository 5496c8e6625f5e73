"""What can be wrong with an expression, before it runs and while it does."""

from __future__ import annotations

from dataclasses import dataclass


class CelError(Exception):
    """The evaluation failed: a missing key, an overflow, an overload that does not exist. ``&&`` and ``||`` absorb it
    where the other side decides."""

    cost = 0  # of the evaluation, where ``Program.measure`` raises it


class CostExceeded(Exception):
    """The evaluation was stopped: it cost more than it may. Nothing absorbs it."""


@dataclass(frozen=True)
class Issue:
    """One thing wrong with an expression: where (offset in code points) and what."""

    at: int
    message: str


class CompileError(Exception):
    """The expression cannot be used. ``str()`` is worded as cel-go does, with the line and a mark below the place."""

    def __init__(self, text: str, issues: list[Issue]) -> None:
        self.issues = issues
        super().__init__("\n".join(_shown(text, issue) for issue in issues))


class ParseError(CompileError):
    """It is no expression."""


class CheckError(CompileError):
    """Its names or types do not fit."""


def _shown(text: str, issue: Issue) -> str:
    before = text[: issue.at]
    line = before.count("\n")
    column = issue.at - (before.rfind("\n") + 1)
    shown = text.split("\n")[line]
    mark = "." * column + "^"
    if not text:  # sic: cel-go counts columns from one, shows the text, and does neither for an empty one
        return f"ERROR: <input>:1:0: {issue.message}"
    return f"ERROR: <input>:{line + 1}:{column + 1}: {issue.message}\n | {shown}\n | {mark}"

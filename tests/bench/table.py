"""Results as a table for people and as JSON for programs."""

from __future__ import annotations

from typing import Any

from budgets import BUDGETS, Budget

HEAD = ("work", "unit", "peer", "first bar", "result", "ratio", "")


def as_text(results: dict[str, float]) -> str:
    """Markdown, its columns aligned."""
    rows = [HEAD, *(_row(budget, results[budget.name]) for budget in BUDGETS if budget.name in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def as_data(results: dict[str, float]) -> list[dict[str, Any]]:
    return [
        {**budget._asdict(), "result": results[budget.name], "ratio": budget.ratio(results[budget.name]),
         "met": budget.met(results[budget.name])}
        for budget in BUDGETS if budget.name in results
    ]  # fmt: skip


def _row(budget: Budget, result: float) -> tuple[str, ...]:
    ratio = budget.ratio(result)
    sign = ">=" if budget.more else "<="
    return (
        budget.work, budget.unit, _short(budget.peer) if budget.peer else "-",
        f"{sign} {_short(budget.bar)}" if budget.bar else "-", _short(result), f"{ratio:.1f}x" if ratio else "-",
        "-" if not budget.bar else "pass" if budget.met(result) else "MISS",
    )  # fmt: skip


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"

"""`sampan history`: every revision of an object that the store still has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from sampan.contracts.commands import Place
from sampan_explain.past import who
from sampan_explain.past.changes import unified
from sampan_explain.past.reading import Revision, revisions
from sampan_explain.past.telling import told
from sampan_history.commands.asking import aligned, connected, object_named, shown

_MOST_FIELDS = 4


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="OBJECT")
@click.option("-n", "--namespace", default="", help="The object's; without, that of the kubeconfig's context.")
@click.option("--diff", "as_diff", is_flag=True, help="Each change as a diff of YAML.")
@click.option("--who", "with_who", is_flag=True, help="Who wrote each: field managers, and users of the audit log.")
@click.option("--audit-log", default="", help="With --who: the audit log; without, logs/audit.log of the home.")
@click.option(
    "--limit", default=100, show_default=True, type=click.IntRange(1, 1000), help="So many revisions at most."
)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="json: one document.")
@click.pass_obj
def history(
    place: Place, words: tuple[str, ...], namespace: str, as_diff: bool, with_who: bool, audit_log: str, limit: int,
    output: str,
) -> None:  # fmt: skip
    """Show the revisions of OBJECT (KIND/NAME or KIND NAME), the newest first: when each was written and which fields
    it changed, also those of a deleted object. How far back: `history` in sampan.yaml."""
    with connected(place) as client:
        resource, name, namespace = object_named(client, words, namespace)
        found = list(revisions(client, resource, name, namespace, limit))
    if not found:
        raise click.ClickException(f"the history knows no {shown(resource, name, namespace)}")
    lines = _audit_lines(Path(audit_log or Path(place.home, "logs", "audit.log")), bool(audit_log)) if with_who else ()
    rows = told(found, who.audited(lines, resource, namespace, name), cut=len(found) == limit)
    if output == "json":
        click.echo(msgspec.json.encode({"object": shown(resource, name, namespace), "revisions": rows}).decode())
        return
    for line in _diffs(found, rows) if as_diff else _lines(rows, with_who):
        click.echo(line)


def _lines(rows: list[dict[str, Any]], with_who: bool) -> Iterator[str]:
    head = ("REVISION", "TIME", *(("WHO",) if with_who else ()), "CHANGE")
    table = []
    for row in rows:
        fields = row["text"]
        more = f" and {len(fields) - _MOST_FIELDS} more" if len(fields) > _MOST_FIELDS else ""
        change = "; ".join(fields[:_MOST_FIELDS]) + more if fields else row["change"]
        if row["change"] == "changed" and not fields:
            change = "no field that is shown"
        table.append((str(row["revision"]), row["time"], *((_who(row),) if with_who else ()), change))
    yield from aligned(head, table)


def _who(row: dict[str, Any]) -> str:
    names = [f"{each['name']} ({each['operation']})" for each in row["managers"]]
    return ", ".join(filter(None, [row["user"], *names])) or "-"


def _diffs(found: list[Revision], rows: list[dict[str, Any]]) -> Iterator[str]:
    for revision, before, row in zip(found, [*found[1:], None], rows, strict=True):
        by = f" by {_who(row)}" if row["user"] or row["managers"] else ""
        yield f"revision {revision.number} of {row['time']}: {row['change']}{by}"
        if before is not None:
            names = (f"revision {before.number}", f"revision {revision.number}")
            yield from unified(before.object, revision.object, *names)
        yield ""


def _audit_lines(path: Path, asked: bool) -> list[bytes]:
    """Of the newest file and of rotated ones beside it; none where there is no audit log."""
    try:
        files = sorted(path.parent.glob(f"{path.stem}*{path.suffix}*")) if not asked else [path]
        return [line for file in files for line in file.read_bytes().splitlines()]
    except OSError as error:
        if asked:
            raise click.ClickException(f"{path} cannot be read: {error.strerror}") from error
        return []

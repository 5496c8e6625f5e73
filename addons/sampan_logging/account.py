"""`sampan logs account`: of all lines that were read, how many arrived, were refused, and wait; read from the add-on's
files, which are right whatever was killed, and while it works. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from sampan.contracts.commands import Place as Here
from sampan_logging import entries
from sampan_logging.journal import UNKNOWN, SavedProgress, read_cursor
from sampan_logging.spool import SpoolPosition

_TRIES = 20  # the add-on works meanwhile


class Account(msgspec.Struct, frozen=True, rename="camel"):
    """``read`` is the sum of all others but ``refused_kept``; ``missing`` is what the sum lacks."""

    read: int
    acknowledged: int
    refused: int
    refused_kept: int  # of them still in rejected.jsonl, or in the file before it
    waiting: int
    missing: int

    @property
    def complete(self) -> bool:
        return not self.missing and self.refused_kept >= self.refused


def account(home: Path) -> Account:
    """Of the add-on's own folder. Raises OSError or ValueError where there is none, or none yet."""
    for _ in range(_TRIES):
        before = _files(home)
        try:
            found = _account(home)
        except FileNotFoundError:
            if _files(home) == before:
                raise
            continue
        if _files(home) == before:
            break
    return found


def _account(home: Path) -> Account:
    cursor, arrived, refused = read_cursor(home)
    saved = msgspec.json.decode((home / "progress.json").read_bytes(), type=SavedProgress)
    if UNKNOWN in (arrived, saved.recorded):
        raise ValueError("the add-on has not run since it keeps an account")
    read, waiting = saved.recorded, 0
    for place, lines in _spooled(home, min(cursor, SpoolPosition(*saved.through))):
        read += lines if place > SpoolPosition(*saved.through) else 0
        waiting += lines if place > cursor else 0
    return Account(read, arrived, refused, _kept(home), waiting, read - arrived - refused - waiting)


def _spooled(home: Path, begin: SpoolPosition) -> Iterator[tuple[SpoolPosition, int]]:
    """(place behind it, lines) of each entry from there on."""
    for path in sorted((home / "spool").glob("[0-9]*.segment")):
        segment = int(path.stem)
        if segment < begin.segment:
            continue
        start = begin.offset if segment == begin.segment else 0
        for behind, body in entries.bodies(path.read_bytes(), start):
            try:
                yield SpoolPosition(segment, behind), len(entries.decode(body).lines)
            except ValueError:
                continue  # it was counted when it was read, and is missing


def _kept(home: Path) -> int:
    found = set()
    for name in ("rejected.jsonl", "rejected.jsonl.1"):
        path = home / name
        for line in path.read_bytes().splitlines() if path.exists() else ():
            one = msgspec.json.decode(line)
            if "event" not in one["document"]:  # what tells of a gap is no line
                found.add(one["id"])
    return len(found)


def _files(home: Path) -> tuple[object, ...]:
    """Changes whenever a line is settled or a segment goes; what is only appended is no change."""
    names = sorted(path.name for path in (home / "spool").glob("*.segment"))
    return names[0] if names else "", *(
        path.stat().st_mtime_ns if path.exists() else 0
        for path in (home / "cursor", home / "progress.json", home / "rejected.jsonl")
    )


@click.command()
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="json: one object.")
@click.pass_obj
def command(place: Here, output: str) -> None:
    """Say what became of every line that the logging add-on has read; ends with 1 when one is missing."""
    home = Path(place.home) / "components" / "logging"
    try:
        found = account(home)
    except (OSError, ValueError) as error:
        words = f"no account in {home}: {error}; is the add-on enabled (sampan addons enable logging)?"
        raise click.ClickException(words) from error
    if output == "json":
        click.echo(msgspec.json.encode(found).decode())
    else:
        click.echo("\n".join(_words(found)))
    if not found.complete:
        raise SystemExit(1)


def _words(found: Account) -> Iterator[str]:
    yield f"read          {found.read}"
    yield f"acknowledged  {found.acknowledged}"
    kept = f" ({found.refused_kept} of them kept in rejected.jsonl)" if found.refused else ""
    yield f"refused       {found.refused}{kept}"
    yield f"waiting       {found.waiting}"
    yield f"missing       {found.missing}"

"""`sampan logs`: show the log of the cluster's processes."""

from __future__ import annotations

import contextlib
import json
import time

import click

from sampan_operate.logfile import LogFollower, last_lines
from sampan_settings.settings import Where, home_of


@click.command()
@click.option("-f", "--follow", is_flag=True, help="Go on showing what comes.")
@click.option("--tail", type=click.IntRange(min=0), default=100, help="How many of the last lines to begin with.")
@click.pass_obj
def command(where: Where, follow: bool, tail: int) -> None:
    """Show the log of the cluster's processes."""
    path = home_of(**where) / "logs" / "sampan.log"
    if not path.exists():
        click.echo(f"no log yet: {path}")
        return
    with contextlib.closing(LogFollower(path)) as follower:
        for line in last_lines(path, tail):
            click.echo(in_words(line))
        while follow:
            for line in follower.lines():
                click.echo(in_words(line))
            time.sleep(0.2)


def in_words(line: str) -> str:
    """A JSON log line as text; any other line unchanged."""
    try:
        entry = json.loads(line)
        text = f"{entry['time']} {entry['level']:7} {entry['logger']}: {entry['message']}"
    except (json.JSONDecodeError, KeyError, TypeError):
        return line.rstrip("\n")
    return f"{text}\n{entry['traceback']}" if "traceback" in entry else text

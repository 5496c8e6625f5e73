"""`sampan federation`: members join and leave, and what is decided is explained."""

from __future__ import annotations

import click

from sampan_federation.overrides.commands import diff


@click.group()
def federation() -> None:
    """Join clusters, and see why a workload runs where it does."""


federation.add_command(diff)

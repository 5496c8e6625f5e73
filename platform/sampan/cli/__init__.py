"""The ``sampan`` command: one module a subcommand, loaded when it is called."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from sampan import KUBERNETES_VERSION, __version__
from sampan.errors import ConfigError, PluginError
from sampan.plugins import suggest
from sampan.settings import Where

COMMANDS = {
    "up": "Start the cluster on this machine, or say that it runs.",
    "down": "Stop all of it and leave nothing running.",
    "status": "Say what runs, where, and how it is.",
    "logs": "Show what the cluster's processes have logged.",
    "prepare": "Make keys, certificates and kubeconfigs, and start nothing.",
    "apiserver": "Run the API server alone.",
    "run": "Run one component alone, as a client of an API server.",
    "addons": "List, enable and disable add-ons.",
    "plugins": "List plugins.",
    "doctor": "Say what is wrong with this machine, in words.",
}


class Lazy(click.Group):
    """Imports a subcommand's module only when it is asked for: `sampan` must start fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"sampan.cli.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS:
            ctx.fail(f"no such command {args[0]!r}{suggest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Lazy)
@click.option("--home", default="", metavar="DIR", help="Where the cluster keeps everything ($SAMPAN_HOME, ~/.sampan).")
@click.option("--config", default="", metavar="FILE", help="The configuration file ($SAMPAN_CONFIG, DIR/sampan.yaml).")
@click.version_option(__version__, message=f"sampan %(version)s (Kubernetes {KUBERNETES_VERSION})")
@click.pass_context
def sampan(ctx: click.Context, home: str, config: str) -> None:
    """A Kubernetes-compatible cluster platform in Python."""
    ctx.obj = Where(home=home, config=config)


def main(argv: list[str] | None = None) -> Any:
    """The console script; errors of ours are one sentence and exit code 2."""
    try:
        return sampan(argv, prog_name="sampan")
    except (ConfigError, PluginError) as error:
        print(f"sampan: {error}", file=sys.stderr)
        return sys.exit(2)

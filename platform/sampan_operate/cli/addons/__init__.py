"""`sampan addons`: commands for add-ons, one module per family of subcommands, imported when called."""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "list": ("listing", "List every installed add-on and its state."),
    "enable": ("switching", "Enable an add-on; a running cluster starts it at once."),
    "disable": ("switching", "Disable an add-on, and remove what it shipped, except edited objects."),
    "configure": ("configuring", "Show an add-on's settings, or change them."),
    "diff": ("shipped", "Show what users have changed in what an add-on ships."),
    "reset": ("shipped", "Restore what an add-on ships; edits are lost."),
    "run": ("alone", "Run one add-on in the foreground, on any Kubernetes."),
}


class Lazy(click.Group):
    """Imports a subcommand's module only when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"sampan_operate.cli.addons.{COMMANDS[name][0]}")
        found: click.Command = getattr(module, f"{name}_command")
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.group(cls=Lazy)
def command() -> None:
    """List, enable, configure and run add-ons; show and undo edits of what they ship."""

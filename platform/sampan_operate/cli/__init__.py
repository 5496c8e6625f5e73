"""The ``sampan`` command: one module per subcommand, imported when called; plugins add more (contribute_commands)."""

from __future__ import annotations

import errno
import importlib
import logging
import sys
from typing import TYPE_CHECKING, Any

import click

from sampan import KUBERNETES_VERSION, __version__
from sampan.errors import ConfigError, PluginError
from sampan_server.plugins.plugins import suggest
from sampan_settings.settings import Where

if TYPE_CHECKING:
    from sampan_operate.cli.contributed import Contributed

COMMANDS = {
    "up": "Start the cluster on this machine, or say that it runs.",
    "down": "Stop the cluster and leave nothing running.",
    "status": "Show what runs, where, and its state.",
    "logs": "Show what the cluster's processes have logged.",
    "prepare": "Make keys, certificates and kubeconfigs, and start nothing.",
    "apiserver": "Run the API server alone.",
    "reconciler": "Run the reconciler alone.",
    "run": "Run one component alone, as a client of an API server.",
    "addons": "List, enable, configure and run add-ons; show and undo edits of what they ship.",
    "plugins": "List plugins, or begin one of your own.",
    "doctor": "Check this machine and the cluster, and suggest fixes.",
    "version": "Show this program's version and the cluster's.",
    "completion": "Print a script with which a shell completes commands.",
}


#: By error of a path that a command has to write to: what to do.
WAYS_OUT = {
    errno.ENOSPC: "make room on its disk",
    errno.EDQUOT: "make room in this user's quota",
    errno.EROFS: "choose another home with --home or $SAMPAN_HOME",
    errno.EACCES: "let this user write there, or choose another home with --home or $SAMPAN_HOME",
    errno.EPERM: "let this user write there, or choose another home with --home or $SAMPAN_HOME",
    errno.EEXIST: "the home must be a directory; choose another with --home or $SAMPAN_HOME",
    errno.ENOTDIR: "the home must be a directory; choose another with --home or $SAMPAN_HOME",
    errno.EISDIR: "a file is wanted there; move the directory away",
    errno.ENAMETOOLONG: "choose a home with a shorter path",
    errno.ELOOP: "remove the symbolic link that leads to itself",
}


class Lazy(click.Group):
    """Imports a subcommand's module only when it is used: `sampan` must start fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return _contributed(ctx).load(name)
        command: click.Command = importlib.import_module(f"sampan_operate.cli.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS:
            brought = _contributed(ctx).below()
            if args[0] not in brought:
                ctx.fail(f"no such command {args[0]!r}{suggest(args[0], [*COMMANDS, *brought])}")
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and _may_go_below(command, rest) and _can_be_parent(ctx, str(name)):
            from sampan_operate.cli.contributed import extended

            try:
                command = extended(command, str(name), lambda: _contributed(ctx))
            except ConfigError:
                if not rest[0].startswith("-"):
                    raise
                # `sampan logs --tail 5` must also work with a broken configuration file
        return name, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from sampan_operate.cli.contributed import quietly

        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items(), *quietly(_where(ctx), COMMANDS).items()])


def _can_be_parent(ctx: click.Context, name: str) -> bool:
    return name in COMMANDS or bool(_contributed(ctx).below(name))


def _may_go_below(command: click.Command, rest: list[str]) -> bool:
    """Whether the plugins must be loaded: not for flags only, and not for a subcommand of the group itself."""
    if isinstance(command, click.Group) and rest and rest[0] in command.list_commands(click.Context(command)):
        return False
    return "--help" in rest or any(not word.startswith("-") for word in rest)


def _where(ctx: click.Context) -> Where:
    return Where(home=ctx.params.get("home") or "", config=ctx.params.get("config") or "")


def _contributed(ctx: click.Context) -> Contributed:
    from sampan_operate.cli.contributed import contributed

    found: Contributed | None = ctx.meta.get("sampan.contributed")
    if found is None:
        found = ctx.meta["sampan.contributed"] = contributed(_where(ctx), COMMANDS)
    return found


@click.command(cls=Lazy)
@click.option("--home", default="", metavar="DIR", help="Where the cluster keeps everything ($SAMPAN_HOME, ~/.sampan).")
@click.option("--config", default="", metavar="FILE", help="The configuration file ($SAMPAN_CONFIG, DIR/sampan.yaml).")
@click.version_option(__version__, message=f"sampan %(version)s (Kubernetes {KUBERNETES_VERSION})")
@click.pass_context
def sampan(ctx: click.Context, home: str, config: str) -> None:
    """A Kubernetes-compatible cluster platform in Python."""
    ctx.obj = Where(home=home, config=config)


class MessageOnly(logging.Formatter):
    """Formats a message without its traceback, which is only for log files."""

    def format(self, record: logging.LogRecord) -> str:
        return f"sampan: {record.getMessage()}"


def main(argv: list[str] | None = None) -> Any:
    """The console script; sampan's own errors are printed as one sentence, with exit code 2."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(MessageOnly())  # for commands that do not set up logging
    try:
        return sampan(argv, prog_name="sampan")
    except (ConfigError, PluginError) as error:
        words = str(error)
    except OSError as error:
        if error.errno not in WAYS_OUT:
            raise
        words = f"{error.filename or 'the home'}: {(error.strerror or '').lower()}; {WAYS_OUT[error.errno]}"
    print(f"sampan: {words}", file=sys.stderr)
    return sys.exit(2)

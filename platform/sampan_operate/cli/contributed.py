"""Subcommands of plugins and add-ons: loaded when a word is not one of sampan's commands, or for --help."""

from __future__ import annotations

import importlib.metadata
import logging
import os
from collections.abc import Callable, Iterable, Mapping

import click

from sampan.contracts.commands import Command, Place
from sampan.contracts.components import Component
from sampan.errors import ConfigError
from sampan_operate.cli.run import runner
from sampan_server.plugins.asking import HooksOf
from sampan_server.plugins.plugins import ADDON_GROUP, Plugins, suggest
from sampan_settings.options import proposed
from sampan_settings.settings import Settings, Where, load

log = logging.getLogger(__name__)


class Contributed:
    """The commands that plugins contribute, by (parent, name)."""

    def __init__(self, plugins: Plugins, settings: Settings, taken: Iterable[str] = ()) -> None:
        self._plugins, self._settings = plugins, settings
        self._found: dict[tuple[str, str], tuple[str, Command]] = {}
        own = frozenset(taken)
        for plugin, commands in plugins.ask("contribute_commands"):
            for each in commands:
                address = (each.parent, each.name)
                if address in self._found or (not each.parent and each.name in own):
                    log.warning("plugin %s: the command %s is taken", plugin, " ".join(filter(None, address)))
                    continue
                self._found[address] = (plugin, each)

    def below(self, parent: str = "") -> dict[str, str]:
        """Names and help of a parent's commands, by name."""
        return {name: each.help for (above, name), (_, each) in sorted(self._found.items()) if above == parent}

    def load(self, name: str, parent: str = "") -> click.Command | None:
        """Import the command, with its Place as ``ctx.obj``; None if no plugin contributes it."""
        found = self._found.get((parent, name))
        if found is None:
            return None
        plugin, each = found
        if each.runs is not None:
            return runner(each.help, each.runs)
        assert each.load is not None  # checked when the plugin answered
        command = each.load()
        command.context_settings = {**command.context_settings, "obj": self._place(plugin, each)}
        return command

    def _place(self, plugin: str, command: Command) -> Place:
        home = self._settings.home
        hooks = None
        if command.hooks:
            hooks = HooksOf(self._plugins, command.hooks, home=str(home), options=proposed(self._settings))
        kubeconfig = os.environ.get("KUBECONFIG") or str(home / "kubeconfig")
        return Place(
            str(home), kubeconfig, settings=self._plugins.settings_of(plugin), hooks=hooks, components=self._components
        )

    def _components(self) -> list[Component]:
        from sampan_operate.supervisor.members import members_of

        return [member.component for member in members_of(self._plugins)]


def contributed(where: Where, taken: Iterable[str] = ()) -> Contributed:
    """Commands of every plugin that is not disabled and of every installed add-on; raises ConfigError."""
    settings = load(**where)
    addons = {point.name for point in importlib.metadata.entry_points(group=ADDON_GROUP)}
    plugins = Plugins(
        disabled=settings.disable,
        addons=addons | set(settings.addons),
        settings=settings.plugins,
        deadlines=settings.deadlines,
    )
    return Contributed(plugins, settings, taken)


class Extended(click.Group):
    """A command of sampan with subcommands: its own and those of plugins. Without a subcommand it runs as before."""

    def __init__(self, own: click.Command, extra: Contributed) -> None:
        self._own, self._extra, self._name = own, extra, own.name or ""
        self._words: Mapping[str, click.Command] = own.commands if isinstance(own, click.Group) else {}
        alone = not isinstance(own, click.Group)
        super().__init__(
            name=own.name, help=own.help, params=own.params, invoke_without_command=alone, no_args_is_help=not alone,
            callback=_unless_below(own.callback) if alone else own.callback,
        )  # fmt: skip

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self._words, *(name for name in self._extra.below(self._name) if name not in self._words)]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return self._words.get(name) or self._extra.load(name, self._name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args and args[0] not in known:
            ctx.fail(f"no such command {args[0]!r}{suggest(args[0], known)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        brought = self._extra.below(self._name)
        rows = [(name, word.get_short_help_str()) for name, word in self._words.items()]
        with formatter.section("Commands"):
            formatter.write_dl([*rows, *((name, text) for name, text in brought.items() if name not in self._words)])


def extended(own: click.Command, name: str, find: Callable[[], Contributed]) -> click.Command:
    """The command with the subcommands of plugins; unchanged if there are none or it takes positional arguments."""
    if any(isinstance(param, click.Argument) for param in own.params):
        return own
    extra = find()
    if not extra.below(name):
        return own
    own.name = name
    return Extended(own, extra)


def quietly(where: Where, taken: Iterable[str]) -> Mapping[str, str]:
    """Names and help for `sampan --help`, which must also work with invalid settings."""
    try:
        return contributed(where, taken).below()
    except ConfigError:
        return {}


def _unless_below(callback: Callable[..., object] | None) -> Callable[..., object] | None:
    if callback is None:
        return None

    def run(*args: object, **given: object) -> object:
        if click.get_current_context().invoked_subcommand is not None:
            return None
        return callback(*args, **given)

    return run

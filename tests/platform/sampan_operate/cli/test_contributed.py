from __future__ import annotations

from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner

from sampan.contracts.commands import Command
from sampan.hookspecs import hookimpl
from sampan_operate.cli import contributed, sampan
from sampan_operate.cli.contributed import Contributed
from sampan_server.plugins import plugins as finding
from sampan_server.plugins.plugins import Plugins
from sampan_settings.settings import load


@click.command()
@click.argument("words", nargs=-1)
@click.pass_obj
def search(place, words):
    """Search what containers have logged."""
    click.echo(f"searched {words} in {place.home} by {place.kubeconfig}")


def bringing(*commands):
    @hookimpl
    def contribute_commands():
        return list(commands)

    return SimpleNamespace(contribute_commands=contribute_commands)


def never():
    raise AssertionError("loaded without being called")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """The command with a home and plugins of the test's own."""
    monkeypatch.delenv("SAMPAN_CONFIG", raising=False)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("SAMPAN_HOME", str(tmp_path))
    brought = {
        "logging": bringing(Command(name="search", parent="logs", help="Search it all.", load=lambda: search)),
        "other": bringing(
            Command(name="search", parent="logs", help="Too late.", load=never),
            Command(name="status", help="Taken.", load=never),
            Command(name="greet", help="Say hello.", load=lambda: search),
            Command(name="more", parent="addons", help="A word more.", load=lambda: search),
            Command(name="part", help="Run a part alone.", runs=lambda component: component.process == "node"),
        ),
    }

    def found(where, taken=()):
        return Contributed(Plugins(entry_points=[], extra=brought), load(**where), taken)

    monkeypatch.setattr(contributed, "contributed", found)

    def call(*argv):
        return CliRunner().invoke(sampan, argv)

    return call


def test_a_word_below_a_command_is_run_with_its_place(run, tmp_path):
    answer = run("logs", "search", "a", "b")

    assert answer.output == f"searched ('a', 'b') in {tmp_path} by {tmp_path / 'kubeconfig'}\n"


def test_the_home_given_by_a_flag_is_the_commands_too(run, tmp_path):
    answer = run("--home", str(tmp_path / "other"), "greet")

    assert f"in {tmp_path / 'other'}" in answer.output


def test_the_command_itself_goes_on_working(run, tmp_path):
    assert run("logs").output.startswith("no log yet")
    assert run("logs", "--tail", "5").output.startswith("no log yet")


def test_help_names_what_plugins_bring_without_loading_it(run):
    assert "Say hello." in run("--help").output
    shown = run("logs", "--help").output
    assert "Search it all." in shown
    assert "--follow" in shown
    assert "A word more." in run("addons", "--help").output


def test_a_groups_own_words_stay(run):
    assert "sampan addons" in run("addons", "list", "--help").output
    assert "searched" in run("addons", "more").output


def test_a_command_asks_the_hooks_that_it_names_and_no_others(tmp_path):
    asking = {}

    @click.command()
    @click.pass_obj
    def ask(place):
        asking["found"] = [found.plugin for found in place.hooks.ask("contribute_explainers")]
        with pytest.raises(LookupError, match="contribute_checks"):
            place.hooks.ask("contribute_checks")

    @hookimpl
    def contribute_explainers(context):
        return []

    brought = {
        "mine": bringing(Command(name="ask", help="x", load=lambda: ask, hooks=frozenset({"contribute_explainers"}))),
        "other": SimpleNamespace(contribute_explainers=contribute_explainers),
    }
    found = Contributed(Plugins(entry_points=[], extra=brought), load(home=str(tmp_path), config=""))
    done = CliRunner().invoke(found.load("ask"), [])

    assert (done.exit_code, asking["found"]) == (0, ["other"]), done.output


def test_an_unknown_subcommand_is_refused_with_a_suggestion(run):
    assert "no such command 'serch' (did you mean 'search'?)" in run("logs", "serch").output
    assert "no such command 'gret' (did you mean 'greet'?)" in run("gret").output


def test_taken_words_are_left_out_and_named(run, caplog):
    assert run("greet").exit_code == 0

    assert "plugin other: the command logs search is taken" in caplog.text
    assert "plugin other: the command status is taken" in caplog.text


def test_help_works_where_the_settings_do_not(run, tmp_path):
    (tmp_path / "sampan.yaml").write_text("nonsense: 1\n")

    assert run("--help").exit_code == 0


def test_every_installed_add_on_is_asked(tmp_path):
    assert finding.ADDON_GROUP == contributed.ADDON_GROUP
    assert isinstance(contributed.contributed({"home": str(tmp_path), "config": ""}), Contributed)


def test_a_command_that_runs_components_runs_those_and_no_other(run, monkeypatch):
    ran = []
    monkeypatch.setattr(
        "sampan_operate.cli.run.run", lambda where, choose, kubeconfig="": ran.append((choose, kubeconfig))
    )
    known = {"a": SimpleNamespace(name="a", process="node"), "b": SimpleNamespace(name="b", process="control")}

    result = run("part", "--kubeconfig", "/k")

    assert result.exit_code == 0, result.output
    ((choose, kubeconfig),) = ran
    assert choose(known) == [known["a"]]
    assert kubeconfig == "/k"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "either load or runs"),
        ({"load": never, "runs": bool}, "either load or runs"),
        ({"runs": bool, "parent": "logs"}, "runs has no parent"),
    ],
)
def test_a_command_that_makes_no_sense_is_named(more, words):
    plugins = Plugins(entry_points=[], extra={"odd": bringing(Command(name="part", help="…", **more))})

    assert plugins.ask("contribute_commands") == []
    assert words in plugins.failures()[0].error

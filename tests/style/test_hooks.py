"""Every hook says when it is called, what it answers and what a failure does, in its docstring and in docs/hooks.md."""

from __future__ import annotations

import inspect
from importlib.metadata import entry_points
from types import FunctionType, SimpleNamespace

from sampan.hookspecs import hookspec
from sampan_server.plugins import plugins
from sampan_server.plugins.plugins import HOOKSPEC_GROUP

WORDS = ("Called:", "Answer:", "Failure:")
#: The platform's, and those that sampan's own libraries bring.
SPECS = (
    *plugins.SPECS,
    *(point.load() for point in entry_points(group=HOOKSPEC_GROUP) if point.module.startswith("sampan_")),
)  # fmt: skip
VERBS = ("provide_", "contribute_", "on_")


def hooks(specs=SPECS):
    return [
        f for spec in specs for f in vars(spec).values() if isinstance(f, FunctionType) and hasattr(f, "sampan_spec")
    ]


def missing_words(found):
    return [(f.__name__, word) for f in found for word in WORDS if word not in (f.__doc__ or "")]


def wrong_shapes(found):
    """``provide_*`` if and only if one answer is wanted; and no other verbs."""
    bad = [f.__name__ for f in found if not f.__name__.startswith(VERBS)]
    return bad + [f.__name__ for f in found if f.__name__.startswith("provide_") != f.sampan_spec["firstresult"]]


def heading(hook):
    return f"### {hook.__name__}({', '.join(inspect.signature(hook).parameters)})"


def undocumented(found, text):
    lines = text.splitlines()
    return [heading(hook) for hook in found if heading(hook) not in lines]


def unknown_headings(found, text):
    known = {heading(hook) for hook in found}
    return [line for line in text.splitlines() if line.startswith("### ") and line not in known]


def test_there_are_hooks():
    assert len(hooks()) >= 12


def test_every_hook_has_its_three_words():
    assert missing_words(hooks()) == []


def test_a_hooks_verb_tells_its_shape():
    assert wrong_shapes(hooks()) == []


def test_every_hook_is_documented_with_its_exact_arguments(root):
    text = (root / "docs" / "hooks.md").read_text()

    assert undocumented(hooks(), text) == []
    assert unknown_headings(hooks(), text) == []


def test_the_rules_catch_a_bad_hook():
    @hookspec
    def provide_thing(name):
        """Called: never."""

    @hookspec(firstresult=True)
    def ask_thing(name):
        """Called: … Answer: … Failure: …"""

    found = hooks([SimpleNamespace(a=provide_thing, b=ask_thing)])

    assert missing_words(found) == [("provide_thing", "Answer:"), ("provide_thing", "Failure:")]
    assert wrong_shapes(found) == ["ask_thing", "provide_thing", "ask_thing"]
    assert undocumented(found, "### provide_thing(name, more)") == ["### provide_thing(name)", "### ask_thing(name)"]
    assert unknown_headings(found, "### gone()") == ["### gone()"]


def test_the_hooks_of_every_library_are_declared(root):
    declared = {point.module for point in entry_points(group=HOOKSPEC_GROUP)}

    assert {f"{path.parent.name}.hookspecs" for path in (root / "platform").glob("*/hookspecs.py")} <= declared

"""KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1) → profiles. Pure but for reading the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sampan.errors import ConfigError, StatusError
from sampan_machinery import yamlin
from sampan_scheduler.configuration import arguments
from sampan_scheduler.configuration.fields import Fields
from sampan_scheduler.pods import SYSTEM_DEFAULTS, Defaults
from sampan_scheduler.profiles import DEFAULT_WEIGHTS, Candidates, Profile, own_rules, profile_of
from sampan_scheduler.queue import FIRST_PAUSE, LONGEST_PAUSE
from sampan_scheduler.resources import DEFAULT_NAME

VERSION, KIND = "kubescheduler.config.k8s.io/v1", "KubeSchedulerConfiguration"
#: What else a file may say, which changes nothing here: every node is looked at, and sampan has settings of its own for
#: the rest.
WITHOUT_EFFECT = (
    "parallelism", "leaderElection", "clientConnection", "percentageOfNodesToScore", "enableProfiling",
    "enableContentionProfiling", "delayCacheUntilActive",
)  # fmt: skip
#: Plugins that always take part.
FIXED = frozenset({"SchedulingGates", "PrioritySort", "DefaultBinder"})
PREEMPTION = "DefaultPreemption"
POINTS = (
    "preEnqueue", "queueSort", "preFilter", "filter", "postFilter", "preScore", "score", "reserve", "permit", "preBind",
    "bind", "postBind", "multiPoint",
)  # fmt: skip

_RULES: dict[str, Callable[[Fields], Any]] = {
    "NodeAffinity": arguments.node_affinity,
    "NodeResourcesFit": arguments.resources_fit,
    "NodeResourcesBalancedAllocation": arguments.balanced_allocation,
    "InterPodAffinity": arguments.interpod_affinity,
}
#: Plugins of others whose arguments are theirs to read.
_NOT_READ = frozenset({"VolumeBinding", "DynamicResources"})


@dataclass(frozen=True)
class Configuration:
    """What a file says; without one, the defaults."""

    profiles: tuple[Profile, ...]
    first_pause: float = FIRST_PAUSE  # seconds of back-off after the first attempt
    longest_pause: float = LONGEST_PAUSE


def usual(names: Sequence[str]) -> Configuration:
    """Upstream's defaults for each of these scheduler names."""
    return Configuration(tuple(profile_of(own_rules(), name) for name in names))


def load(path: Path, source: str) -> Configuration:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{source}: {path} cannot be read: {error.strerror}") from error
    try:
        document = yamlin.decode(text)
    except StatusError as error:
        raise ConfigError(f"{source}: {path}: {error}") from error
    return read(document, f"{source}: {path}")


def read(document: Any, source: str) -> Configuration:
    """Raises ConfigError that names the field."""
    whole = Fields(document, source)
    if whole.text("apiVersion") != VERSION or whole.text("kind") != KIND:
        raise ConfigError(f"{source} must be a {KIND} of {VERSION}")
    if whole.has("extenders"):
        raise ConfigError(f"{source}.extenders: extenders are not supported; write a scheduling plugin instead")
    whole.only(
        "apiVersion", "kind", "profiles", "extenders", "podInitialBackoffSeconds", "podMaxBackoffSeconds",
        *WITHOUT_EFFECT,
    )  # fmt: skip
    first = whole.integer("podInitialBackoffSeconds", int(FIRST_PAUSE), 1)
    longest = whole.integer("podMaxBackoffSeconds", max(first, int(LONGEST_PAUSE)), first)
    profiles = [_profile(each) for each in whole.mappings("profiles")] or [_profile(Fields({}, source))]
    names = [profile.name for profile in profiles]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise ConfigError(f"{source}.profiles[{place}].schedulerName: {name} is there already")
    return Configuration(tuple(profiles), float(first), float(longest))


def _profile(fields: Fields) -> Profile:
    fields.only("schedulerName", "percentageOfNodesToScore", "plugins", "pluginConfig")
    plugins = fields.mapping("plugins").only(*POINTS)
    sets = {point: _plugin_set(plugins.mapping(point)) for point in POINTS}
    both = _changed(DEFAULT_WEIGHTS | {PREEMPTION: 0}, sets["multiPoint"])
    filters, scores = _changed(both, sets["filter"]), _changed(both, sets["score"])
    rules = {rule.name: rule for rule in own_rules()}
    preemption, spread = Candidates(), SYSTEM_DEFAULTS
    for each in fields.mappings("pluginConfig"):
        name, args = each.only("name", "args").text("name"), each.mapping("args")
        if name == PREEMPTION:
            preemption = arguments.candidates(args)
        elif name == "PodTopologySpread":
            spread = arguments.spread_defaults(args)
        elif name in _RULES:
            rules[name] = _RULES[name](args)
        elif name not in _NOT_READ:
            raise ConfigError(f"{each.at('name')}: no plugin {name!r} takes arguments")
    on = {name for change in sets.values() for name in change.enabled}
    off = {name for change in sets.values() for name in change.disabled if name != "*"} - set(DEFAULT_WEIGHTS)
    if "*" in sets["multiPoint"].disabled:
        off.add("*")
    others = {name: weight for name, weight in scores.items() if name not in DEFAULT_WEIGHTS and weight}
    return _made(
        fields.text("schedulerName", DEFAULT_NAME), rules, filters, scores, preemption, spread,
        preempts=PREEMPTION in _changed(both, sets["postFilter"]), off=frozenset(off), on=frozenset(on), weights=others,
    )  # fmt: skip


def _made(
    name: str, rules: dict[str, Any], filters: dict[str, int], scores: dict[str, int], preemption: Candidates,
    spread: Defaults, **more: Any,
) -> Profile:  # fmt: skip
    asked = [rule for rule in rules.values() if hasattr(rule, "filter") or hasattr(rule, "refusals")]
    points = [rule for rule in rules.values() if any(hasattr(rule, each) for each in ("score", "scores", "raw"))]
    return Profile(
        name,
        [rule for rule in asked if rule.name in filters],
        [(rule, scores[rule.name] or 1) for rule in points if rule.name in scores],
        candidates=preemption,
        spread=spread,
        **more,
    )


@dataclass(frozen=True)
class _Change:
    """``plugins.<point>``: weights of plugins that are enabled (0: as usual), and those that are disabled."""

    enabled: dict[str, int]
    disabled: frozenset[str]


def _plugin_set(fields: Fields) -> _Change:
    fields.only("enabled", "disabled")
    enabled, disabled = {}, set()
    for each in fields.mappings("enabled"):
        name = each.only("name", "weight").text("name")
        if not name:
            raise ConfigError(f"{each.at('name')} is missing")
        enabled[name] = each.integer("weight", 0, 0)
    for each in fields.mappings("disabled"):
        name = each.only("name", "weight").text("name")
        if not name:
            raise ConfigError(f"{each.at('name')} is missing")
        if name in FIXED:
            raise ConfigError(f"{each.at('name')}: {name} cannot be disabled here")
        disabled.add(name)
    return _Change(enabled, frozenset(disabled))


def _changed(weights: dict[str, int], change: _Change) -> dict[str, int]:
    """What is left and added, with weights."""
    kept = {} if "*" in change.disabled else {n: w for n, w in weights.items() if n not in change.disabled}
    return {**kept, **{name: weight or DEFAULT_WEIGHTS.get(name, 0) for name, weight in change.enabled.items()}}

"""KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1) → profiles. Pure but for reading the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sampan.errors import ConfigError, StatusError
from sampan_machinery import bounds, yamlin
from sampan_machinery.records import suggest
from sampan_scheduler.configuration import arguments
from sampan_scheduler.configuration.fields import Fields
from sampan_scheduler.pods import SYSTEM_DEFAULTS, Defaults
from sampan_scheduler.profiles import DEFAULT_WEIGHTS, Candidates, Profile, own_rules, profile_of
from sampan_scheduler.queue import FIRST_PAUSE, LONGEST_PAUSE
from sampan_scheduler.resources import DEFAULT_NAME

if TYPE_CHECKING:
    from sampan_scheduler.extenders.extender import Extender

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
#: Upstream's plugins that other plugins of sampan bring (volumes, devices) or that sampan has not (README.md says
#: which): a file written for upstream may name them.
ELSEWHERE = frozenset({
    "DynamicResources", "GangScheduling", "NodeVolumeLimits", "PodGroupPodsCount",
    "TopologyPlacementGenerator", "VolumeBinding", "VolumeRestrictions", "VolumeZone",
})  # fmt: skip
UPSTREAM = frozenset(DEFAULT_WEIGHTS) | FIXED | ELSEWHERE | {PREEMPTION}
POINTS = (
    "preEnqueue", "queueSort", "preFilter", "filter", "postFilter", "preScore", "score", "reserve", "permit", "preBind",
    "bind", "postBind", "multiPoint",
)  # fmt: skip

#: What a rule of ours has that extends a point.
_METHODS = {"filter": ("filter", "refusals"), "score": ("score", "scores", "raw")}
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
    named: tuple[tuple[str, str], ...] = ()  # path and name of each plugin that is none of upstream's
    extenders: tuple[Extender, ...] = ()

    def check_names(self, contributed: Iterable[str]) -> None:
        """Refuse names of plugins that are neither upstream's nor ``contributed``. Raises ConfigError."""
        there = UPSTREAM | set(contributed)
        for path, name in self.named:
            if name not in there:
                hint = (
                    suggest(name, sorted(there)) or f"; plugins of others that there are: {_listed(there - UPSTREAM)}"
                )
                raise ConfigError(f"{path}: there is no plugin {name!r}{hint}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


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
    whole.only(
        "apiVersion", "kind", "profiles", "extenders", "podInitialBackoffSeconds", "podMaxBackoffSeconds",
        *WITHOUT_EFFECT,
    )  # fmt: skip
    first = whole.integer("podInitialBackoffSeconds", int(FIRST_PAUSE), 1)
    longest = whole.integer("podMaxBackoffSeconds", max(first, int(LONGEST_PAUSE)), first)
    extenders = _extenders(whole)
    unchecked = frozenset(name for each in extenders for name in each.unchecked)
    given = list(whole.mappings("profiles")) or [Fields({}, source)]
    profiles = [_profile(each, unchecked) for each in given]
    names = [profile.name for profile in profiles]
    for place, name in enumerate(names):
        path = f"{source}.profiles[{place}].schedulerName"
        if name in names[:place]:
            raise ConfigError(f"{path}: {name} is there already")
        _check_scheduler_name(name, path, names)
    named = tuple(each for profile in whole.mappings("profiles") for each in _plugins_named(profile))
    return Configuration(tuple(profiles), float(first), float(longest), named, extenders)


def _extenders(whole: Fields) -> tuple[Extender, ...]:
    if not whole.has("extenders"):
        return ()
    from sampan_scheduler.extenders.extender import read_extenders  # with the client of webhooks, that few need

    return read_extenders(whole)


def _check_scheduler_name(name: str, path: str, names: Sequence[str]) -> None:
    """Refuses what no pod can name, and what can only be a slip: pods that name no scheduler would wait for ever."""
    problem = bounds.subdomain(name)
    if problem:
        raise ConfigError(f"{path} {problem}")
    if DEFAULT_NAME not in names and is_slip_of(name, DEFAULT_NAME):
        raise ConfigError(f"{path}: no profile is called {DEFAULT_NAME}; did you mean that in place of {name!r}?")


def is_slip_of(name: str, wanted: str) -> bool:
    """Whether the names have the same letters but for one, which is another, missing, or twice; or two are swapped."""
    if name == wanted:
        return False
    start = next(
        (at for at, (a, b) in enumerate(zip(name, wanted, strict=False)) if a != b), min(len(name), len(wanted))
    )
    left, right = name[start:], wanted[start:]
    doubled = left[1:] == right and left[:1] == name[start - 1 : start] and left[:1].isalpha()
    swapped = left[:2] == right[1::-1] and left[2:] == right[2:]
    other = left[1:] == right[1:] and left[:1].isalpha()
    return doubled or swapped or other or left == right[1:]


def _plugins_named(profile: Fields) -> Iterator[tuple[str, str]]:
    plugins = profile.mapping("plugins")
    for point in POINTS:
        for change in ("enabled", "disabled"):
            for each in plugins.mapping(point).mappings(change):
                if (name := each.text("name")) not in UPSTREAM | {"*"}:
                    yield each.at("name"), name


def _profile(fields: Fields, unchecked: frozenset[str] = frozenset()) -> Profile:
    """``unchecked``: resources that extenders look after."""
    fields.only("schedulerName", "percentageOfNodesToScore", "plugins", "pluginConfig")
    plugins = fields.mapping("plugins").only(*POINTS)
    sets = {point: _plugin_set(plugins.mapping(point)) for point in POINTS}
    _check_points(plugins)
    both = _changed(DEFAULT_WEIGHTS | {PREEMPTION: 0}, sets["multiPoint"])
    filters, scores = _changed(both, sets["filter"]), _changed(both, sets["score"])
    rules = {rule.name: rule for rule in own_rules()}
    preemption, spread = Candidates(), SYSTEM_DEFAULTS
    seen: set[str] = set()
    for each in fields.mappings("pluginConfig"):
        name, args = each.only("name", "args").text("name"), each.mapping("args")
        if name in seen:
            raise ConfigError(f"{each.at('name')}: {name} has arguments already")
        seen.add(name)
        if name == PREEMPTION:
            preemption = arguments.candidates(args)
        elif name == "PodTopologySpread":
            spread = arguments.spread_defaults(args)
        elif name in _RULES:
            rules[name] = _RULES[name](args)
        elif name not in _NOT_READ:
            hint = suggest(name, [*_RULES, *_NOT_READ, PREEMPTION, "PodTopologySpread"])
            raise ConfigError(f"{each.at('name')}: no plugin {name!r} takes arguments{hint}")
    if unchecked:
        rules["NodeResourcesFit"] = rules["NodeResourcesFit"].without(unchecked)
    on = {name for change in sets.values() for name in change.enabled}
    off = {name for change in sets.values() for name in change.disabled if name != "*"} - set(DEFAULT_WEIGHTS)
    if "*" in sets["multiPoint"].disabled:
        off.add("*")
    others = {name: weight for name, weight in scores.items() if name not in DEFAULT_WEIGHTS and weight}
    return _made(
        fields.text("schedulerName", DEFAULT_NAME), rules, filters, scores, preemption, spread,
        preempts=PREEMPTION in _changed(both, sets["postFilter"]), off=frozenset(off), on=frozenset(on), weights=others,
    )  # fmt: skip


def _check_points(plugins: Fields) -> None:
    """Refuses a rule at a point where it has nothing to say. Source: upstream, which does not start either."""
    rules = {rule.name: rule for rule in own_rules()}
    for point, methods in _METHODS.items():
        for each in plugins.mapping(point).mappings("enabled"):
            rule = rules.get(each.text("name"))
            if rule is not None and not any(hasattr(rule, method) for method in methods):
                raise ConfigError(f"{each.at('name')}: {rule.name} does not extend {point}")


def _made(
    name: str, rules: dict[str, Any], filters: dict[str, int], scores: dict[str, int], preemption: Candidates,
    spread: Defaults, **more: Any,
) -> Profile:  # fmt: skip
    asked = [rule for rule in rules.values() if any(hasattr(rule, each) for each in _METHODS["filter"])]
    points = [rule for rule in rules.values() if any(hasattr(rule, each) for each in _METHODS["score"])]
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

"""What is wrong with a webhook configuration.

Source: upstream's pkg/apis/admissionregistration/validation (rules, order, wording) and apiserver's
pkg/util/webhook/validation.go. What an old object has already may stay in an update.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object, Problem
from sampan_admission.rulevalidation import validate_rules
from sampan_machinery import names, problems
from sampan_machinery.validation import by_rule, validate_label_selector, validate_one_of
from sampan_webhookclient.validation import validate_address

REVIEW_VERSIONS = ("v1", "v1beta1")
NO_SIDE_EFFECTS = ("None", "NoneOnDryRun")
SIDE_EFFECTS = ("None", "NoneOnDryRun", "Some", "Unknown")
LONGEST_TIMEOUT = 30
MOST_CONDITIONS = 64


class Strictness(NamedTuple):
    """What is asked of an object; less where the old one breaks the rule already."""

    conditions: bool = True
    no_side_effects: bool = True
    known_version: bool = True
    unique_names: bool = True
    selectors: bool = True

    @classmethod
    def of(cls, new: Sequence[Object], old: Sequence[Object]) -> Strictness:
        named = [str(each.get("name") or "") for each in old]
        return cls(
            conditions=_conditions(new) != _conditions(old),
            no_side_effects=all(each.get("sideEffects") in NO_SIDE_EFFECTS for each in old),
            known_version=all(_is_known(each.get("admissionReviewVersions") or ()) for each in old),
            unique_names=len(set(named)) == len(named),
            selectors=not any(_selector_problems(each, "") for each in old),
        )


def validate(new: Object, old: Object | None) -> Iterator[Problem]:
    webhooks = new.get("webhooks") or ()
    asked = Strictness() if old is None else Strictness.of(webhooks, old.get("webhooks") or ())
    seen: set[str] = set()
    for number, webhook in enumerate(webhooks):
        at = f"webhooks[{number}]"
        yield from _webhook(webhook, asked, at)
        yield from _review_versions(
            webhook.get("admissionReviewVersions") or (), asked, f"{at}.admissionReviewVersions"
        )
        name = str(webhook.get("name") or "")
        if asked.unique_names and name:
            if name in seen:
                yield problems.duplicate(f"{at}.name", name)
            seen.add(name)


def _webhook(webhook: Object, asked: Strictness, at: str) -> Iterator[Problem]:
    yield from _name(str(webhook.get("name") or ""), f"{at}.name")
    yield from validate_rules(webhook.get("rules") or (), f"{at}.rules")
    yield from validate_one_of(f"{at}.failurePolicy", webhook.get("failurePolicy"), ("Fail", "Ignore"))
    yield from validate_one_of(f"{at}.matchPolicy", webhook.get("matchPolicy"), ("Equivalent", "Exact"))
    yield from _side_effects(webhook.get("sideEffects"), asked, f"{at}.sideEffects")
    seconds = webhook.get("timeoutSeconds")
    if seconds is not None and not 1 <= seconds <= LONGEST_TIMEOUT:
        detail = "the timeout value must be between 1 and 30 seconds"
        yield problems.invalid(f"{at}.timeoutSeconds", seconds, detail)
    if asked.selectors:
        yield from _selector_problems(webhook, at)
    if "reinvocationPolicy" in webhook:
        yield from validate_one_of(f"{at}.reinvocationPolicy", webhook["reinvocationPolicy"], ("IfNeeded", "Never"))
    yield from validate_client_config(webhook.get("clientConfig") or {}, f"{at}.clientConfig")
    if asked.conditions:
        yield from _match_conditions(webhook.get("matchConditions") or (), f"{at}.matchConditions")


def _name(name: str, at: str) -> Iterator[Problem]:
    if not name:
        yield problems.required(at)
    elif found := names.dns_subdomain(name):
        yield problems.invalid(at, name, ",".join(found))
    elif name.count(".") < 2:
        yield problems.invalid(at, name, "should be a domain with at least three segments separated by dots")


def _side_effects(found: Any, asked: Strictness, at: str) -> Iterator[Problem]:
    allowed = NO_SIDE_EFFECTS if asked.no_side_effects else SIDE_EFFECTS
    if found is None:
        yield problems.required(at, f"must specify one of {', '.join(allowed)}")
    else:
        yield from validate_one_of(at, found, allowed)


def _selector_problems(webhook: Object, at: str) -> list[Problem]:
    return [
        problem
        for field in ("namespaceSelector", "objectSelector")
        for problem in validate_label_selector(f"{at}.{field}", webhook.get(field))
    ]


def validate_client_config(config: Object, at: str) -> Iterator[Problem]:
    """Of webhooks of every sort; the bundle is checked when it is used, as upstream does."""
    yield from validate_address(config, at)
    try:
        base64.b64decode(config.get("caBundle") or "", validate=True)
    except (binascii.Error, ValueError):
        yield problems.invalid(f"{at}.caBundle", "…", "must be base64")


def _match_conditions(found: Sequence[Object], at: str) -> Iterator[Problem]:
    if len(found) > MOST_CONDITIONS:
        yield Problem(at, "FieldValueTooMany", f"Too many: {len(found)}: must have at most {MOST_CONDITIONS} items")
    seen: set[str] = set()
    for number, condition in enumerate(found):
        yield from _match_condition(condition, f"{at}[{number}]")
        name = str(condition.get("name") or "")
        if name and name in seen:
            yield problems.duplicate(f"{at}[{number}].name", name)
        seen.add(name)


def _match_condition(condition: Object, at: str) -> Iterator[Problem]:
    expression, name = str(condition.get("expression") or "").strip(), str(condition.get("name") or "")
    if not expression:
        yield problems.required(f"{at}.expression")
    else:
        from sampan_admission import conditions  # with CEL: only where there is an expression

        if complaint := conditions.complaint(expression):
            yield problems.invalid(f"{at}.expression", expression, complaint)
    if not name:
        yield problems.required(f"{at}.name")
    else:
        yield from by_rule(f"{at}.name", name, names.label_key)


def _review_versions(found: Sequence[str], asked: Strictness, at: str) -> Iterator[Problem]:
    if not found:
        yield problems.required(at, f"must specify one of {', '.join(REVIEW_VERSIONS)}")
        return
    seen: set[str] = set()
    for number, version in enumerate(found):
        if version in seen:
            yield problems.invalid(f"{at}[{number}]", version, "duplicate version")
            continue
        seen.add(version)
        yield from by_rule(f"{at}[{number}]", version, names.dns_label_1035)
    if asked.known_version and not _is_known(found):
        yield problems.invalid(at, list(found), f"must include at least one of {', '.join(REVIEW_VERSIONS)}")


def _is_known(versions: Iterable[str]) -> bool:
    """Whether there is one that we can send; an object without any is refused for that alone."""
    given = list(versions)
    return not given or any(version in REVIEW_VERSIONS for version in given)


def _conditions(webhooks: Sequence[Mapping[str, Any]]) -> list[Any]:
    return [each.get("matchConditions") or [] for each in webhooks]

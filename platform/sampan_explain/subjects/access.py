"""A request that is refused: which rule would allow it, which roles hold such a rule, which binding is missing. Pure.

Source: RBAC documentation (rules add up, there are no denials).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sampan.contracts.resources import Object, Resource
from sampan_explain.causes import Cause, Explanation
from sampan_explain.objects import Objects, Read
from sampan_explain.subjects.said import flag, listed, ref, sentence
from sampan_machinery.resources import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES

REVIEWS = Resource("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", False)
_MOST = 5


@dataclass(frozen=True, kw_only=True)
class Question:
    """May that user do that?"""

    user: str
    groups: tuple[str, ...] = ()
    verb: str
    resource: Resource
    subresource: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def target(self) -> str:
        """As rules name it: pods/log."""
        return f"{self.resource.plural}/{self.subresource}" if self.subresource else self.resource.plural

    def said(self) -> str:
        name = f" {self.name}" if self.name else ""
        of = f" of group {self.resource.group}" if self.resource.group else ""
        scope = (
            f" in namespace {self.namespace}"
            if self.namespace
            else (" in all namespaces" if self.resource.namespaced else "")
        )
        return f"{self.verb} {self.target}{name}{of}{scope}"


def explain_access(question: Question, read: Read, *, now: float) -> Explanation:
    """As ``gather`` does for objects."""
    objects = Objects(now)
    found = explain(question, objects)
    for _ in range(4):
        if not objects.wanted:
            break
        for want in list(objects.wanted):
            objects.add(want, read(want))
        found = explain(question, objects)
    return found


def explain(question: Question, objects: Objects) -> Explanation:
    """By roles and bindings, and by the server's own decision where it may be asked."""
    review = objects.answer(REVIEWS, _review(question))
    status = (review or {}).get("status") or {}
    granted = list(grants(question, objects))
    allowed = bool(status["allowed"]) if "allowed" in status else bool(granted)
    causes: list[Cause] = (
        list(_allowed(question, granted, status)) if allowed else list(_refused(question, objects, status))
    )
    unread = tuple(
        f"{want.resource.plural} ({why})" for want, why in objects.unread.items() if want.resource is not REVIEWS
    )
    who = f"user/{question.user}"
    return Explanation(who, "", f"{'allowed' if allowed else 'forbidden'} to {question.said()}", tuple(causes), unread)


def _review(question: Question) -> Object:
    attributes = {
        "verb": question.verb, "group": question.resource.group, "version": question.resource.version,
        "resource": question.resource.plural, "subresource": question.subresource, "namespace": question.namespace,
        "name": question.name,
    }  # fmt: skip
    spec = {"user": question.user, "groups": list(question.groups), "resourceAttributes": attributes}
    return {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}


def matches(rule: Object, question: Question) -> bool:
    """Whether the rule allows it."""
    names = rule.get("resourceNames") or []
    return (
        _has(rule.get("verbs"), question.verb)
        and _has(rule.get("apiGroups"), question.resource.group)
        and _resource(rule.get("resources") or (), question)
        and (not names or question.name in names)
    )


def _has(words: Sequence[str] | None, word: str) -> bool:
    return bool(words) and ("*" in (words or ()) or word in (words or ()))


def _resource(words: Sequence[str], question: Question) -> bool:
    wanted = {"*", question.target}
    if question.subresource:
        wanted.add(f"*/{question.subresource}")
    return any(word in wanted for word in words)


def grants(question: Question, objects: Objects) -> Iterator[tuple[Object, Object]]:
    """(binding, role) of all that allow it now."""
    for binding, role in _bound(question, objects):
        if role is not None and any(matches(rule, question) for rule in role.get("rules") or ()):
            yield binding, role


def _bound(question: Question, objects: Objects) -> Iterator[tuple[Object, Object | None]]:
    """Each binding that names the user or a group of theirs and counts for the namespace, with its role."""
    bindings = objects.list(CLUSTER_ROLE_BINDINGS)
    if question.namespace:
        bindings = [*bindings, *objects.list(ROLE_BINDINGS, question.namespace)]
    for binding in bindings:
        if any(is_subject(each, question, binding) for each in binding.get("subjects") or ()):
            yield binding, _role(binding, objects)


def _role(binding: Object, objects: Objects) -> Object | None:
    named = binding.get("roleRef") or {}
    if named.get("kind") == "ClusterRole":
        return _named(objects.list(CLUSTER_ROLES), named.get("name"))
    return _named(objects.list(ROLES, binding["metadata"].get("namespace", "")), named.get("name"))


def _named(roles: Sequence[Object], name: str | None) -> Object | None:
    return next((each for each in roles if each["metadata"]["name"] == name), None)


def is_subject(subject: Object, question: Question, binding: Object) -> bool:
    kind, name = subject.get("kind"), subject.get("name")
    if kind == "User":
        return name == question.user
    if kind == "Group":
        return name in (*question.groups, "system:authenticated")
    where = subject.get("namespace") or binding["metadata"].get("namespace", "")
    return question.user == f"system:serviceaccount:{where}:{name}"


def _allowed(question: Question, granted: Sequence[tuple[Object, Object]], status: Object) -> Iterator[Cause]:
    facts = [f"{ref(binding)} binds {ref(role)}" for binding, role in granted[:_MOST]]
    facts += [f"the server says: {status['reason']}"] if status.get("reason") else []
    yield Cause(
        reason="Allowed", text=f"{question.user} may {question.said()}.", facts=tuple(facts), note=True,
    )  # fmt: skip


def _refused(question: Question, objects: Objects, status: Object) -> Iterator[Cause]:
    yield from _dangling(question, objects)
    wanted = rule_for(question)
    near = list(_nearly(question, objects))
    yield Cause(
        reason="NoRule", text=f"No role that is bound to {question.user} has a rule that allows it; one that would: "
        f"{rule_text(wanted)}.",
        facts=(*near, *((f"the server says: {sentence(status['reason'])}",) if status.get("reason") else ())),
        data={"rule": wanted},
    )  # fmt: skip
    yield from _offers(question, objects)
    yield from _own_role(question, wanted)


def rule_for(question: Question) -> Object:
    """The least rule that allows the request."""
    rule = {
        "apiGroups": [question.resource.group], "resources": [question.target], "verbs": [question.verb],
    }  # fmt: skip
    named = question.name and question.verb not in ("create", "deletecollection")
    return {**rule, "resourceNames": [question.name]} if named else rule


def rule_text(rule: Object) -> str:
    names = f", resourceNames {rule['resourceNames']}" if rule.get("resourceNames") else ""
    return f"apiGroups {rule['apiGroups']}, resources {rule['resources']}, verbs {rule['verbs']}{names}"


def _dangling(question: Question, objects: Objects) -> Iterator[Cause]:
    """A binding whose role does not exist gives nothing."""
    for binding, role in _bound(question, objects):
        named = binding.get("roleRef") or {}
        known = (
            objects.is_known(CLUSTER_ROLES)
            if named.get("kind") == "ClusterRole"
            else objects.is_known(ROLES, question.namespace)
        )
        if role is None and known:
            yield Cause(
                reason="RoleMissing",
                text=f"The {binding['kind']} {binding['metadata']['name']} gives {question.user} the "
                f"{named.get('kind')} "
                f"{named.get('name')}, which does not exist.",
                facts=(f"{ref(binding)}: roleRef is {named.get('kind')} {named.get('name')}",),
                commands=(f"kubectl create {str(named.get('kind')).lower()} {named.get('name')} --verb=… "
                "--resource=…",),
                about=ref(binding),
            )  # fmt: skip


def _nearly(question: Question, objects: Objects) -> Iterator[str]:
    """What the user's roles do say of the resource."""
    found = 0
    for binding, role in _bound(question, objects):
        for rule in (role or {}).get("rules") or ():
            if not (
                _has(rule.get("apiGroups"), question.resource.group)
                and _resource(rule.get("resources") or (), question)
            ):
                continue
            names = f", only for {listed(rule['resourceNames'])}" if rule.get("resourceNames") else ""
            yield f"{ref(binding)} binds {ref(role or {})}, which allows {listed(rule.get('verbs') or (), 8)}{names}"
            found += 1
            if found == _MOST:
                return
    if not found:
        yield f"no role bound to {question.user} speaks of {question.target}"


def _offers(question: Question, objects: Objects) -> Iterator[Cause]:
    """Roles that are there and hold the rule: a binding is all that is missing. The narrowest first."""
    roles = [*(objects.list(ROLES, question.namespace) if question.namespace else ()), *objects.list(CLUSTER_ROLES)]
    found = [each for each in roles if any(matches(rule, question) for rule in each.get("rules") or ())]
    found.sort(key=_breadth)
    found = [each for each in found if not each["metadata"]["name"].startswith("system:")]  # of the cluster's own parts
    if not found:
        return
    names = listed(f"{each['kind']} {each['metadata']['name']}" for each in found)
    yield Cause(
        reason="BindingMissing", text=f"These roles hold such a rule: {names}. What is missing is a binding to "
        "one of them.",
        facts=tuple(f"{ref(each)}: {_breadth(each)} permissions" for each in found[:_MOST]),
        commands=tuple(_bind(question, each) for each in found[:2]), data={"roles": [ref(each) for each in found]},
    )  # fmt: skip


def _breadth(role: Object) -> int:
    """About how much a role allows."""

    def count(words: Sequence[str] | None) -> int:
        return 1000 if "*" in (words or ()) else len(words or ())

    return sum(count(rule.get("verbs")) * count(rule.get("resources")) * count(rule.get("apiGroups"))
               for rule in role.get("rules") or ())  # fmt: skip


def _bind(question: Question, role: Object) -> str:
    kind = "clusterrole" if role["kind"] == "ClusterRole" else "role"
    name = role["metadata"]["name"]
    made = f"{_plain(question.user)}-{_plain(name)}"
    if question.namespace:
        return f"kubectl create rolebinding {made}{flag(question.namespace)} --{kind}={name} {_subject(question)}"
    return f"kubectl create clusterrolebinding {made} --{kind}={name} {_subject(question)}"


def _own_role(question: Question, wanted: Object) -> Iterator[Cause]:
    kind = "role" if question.namespace else "clusterrole"
    where, target = flag(question.namespace), question.target
    named = f" --resource-name={question.name}" if wanted.get("resourceNames") else ""
    name = f"{question.verb}-{_plain(question.target)}"
    group = f".{question.resource.group}" if question.resource.group else ""
    resource = f"{question.resource.plural}{group}" + (f"/{question.subresource}" if question.subresource else "")
    bound = f"{_plain(question.user)}-{name}"
    yield Cause(
        reason="LeastRole", text=f"A role of its own with that one rule would do, too ({question.verb} {target}).",
        commands=(
            f"kubectl create {kind} {name}{where} --verb={question.verb} --resource={resource}{named}",
            f"kubectl create {kind}binding {bound}{where} --{kind}={name} {_subject(question)}",
        ),
    )  # fmt: skip


def _subject(question: Question) -> str:
    prefix = "system:serviceaccount:"
    if question.user.startswith(prefix):
        return f"--serviceaccount={question.user.removeprefix(prefix)}"
    return f"--user={question.user}"


def _plain(text: str) -> str:
    return "".join(each if each.isalnum() or each in "-." else "-" for each in text.lower()).strip("-.")

"""A write that the API server refused, by its message: quota, limits, Pod Security, webhooks, policies, rights. "
"Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sampan.contracts.resources import Object
from sampan_explain.causes import Cause
from sampan_explain.objects import Objects
from sampan_explain.subjects.said import flag, listed, namespace_of, one_line, ref, sentence
from sampan_machinery.metadata import get_path
from sampan_machinery.resources import RESOURCE_QUOTAS

_QUOTA = re.compile(r"exceeded quota: ([\w.-]+), requested: (\S+?), used: (\S+?), limited: (\S+)")
_MUST = re.compile(r"failed quota: ([\w.-]+): must specify (.+)")
_WEBHOOK = re.compile(r'admission webhook "([^"]+)" denied the request:? ?(.*)')
_CALLING = re.compile(r'failed calling webhook "([^"]+)": (.*)')
_POLICY = re.compile(r"ValidatingAdmissionPolicy '([^']+)' .*denied request: (.*)")
_SECURITY = re.compile(r'violates PodSecurity "([^"]+)": (.*)')
_FORBIDDEN = re.compile(r'User "([^"]+)" cannot (\w+) resource "([^"]+)"')


def explain(
    message: str, obj: Object, objects: Objects, *, facts: tuple[str, ...] = (), about: str = ""
) -> Iterator[Cause]:
    """Why the object's pods are refused; one cause."""
    where = flag(namespace_of(obj))
    if found := _QUOTA.search(message):
        yield _quota(found, obj, objects, facts)
    elif found := _MUST.search(message):
        yield Cause(
            reason="QuotaWantsRequests",
            text=f"Its pods are refused: the ResourceQuota {found[1]} counts {_short(found[2])}, so every pod "
            "must say them.",
            facts=facts, commands=(f"kubectl set resources {ref(obj)}{where} --requests=cpu=…,memory=… --limits=…",),
            about=f"resourcequota/{found[1]}",
        )  # fmt: skip
    elif found := _SECURITY.search(message):
        yield Cause(
            reason="PodSecurity", text=f"Its pods are refused by Pod Security ({found[1]}): {sentence(found[2])}",
            facts=facts, commands=(f"kubectl edit {ref(obj)}{where}  # securityContext",
                                   f"kubectl get namespace {namespace_of(obj)} --show-labels"),
        )  # fmt: skip
    elif found := _WEBHOOK.search(message):
        yield Cause(
            reason="WebhookDenied", text=f"Its pods are refused by the webhook {found[1]}: {sentence(found[2])}",
            facts=facts, commands=("kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",),
        )  # fmt: skip
    elif found := _CALLING.search(message):
        yield Cause(
            reason="WebhookUnreachable",
            text=f"Its pods are refused because the webhook {found[1]} does not answer: {sentence(found[2])}",
            facts=facts, commands=("sampan why validatingwebhookconfiguration/NAME",),
        )  # fmt: skip
    elif found := _POLICY.search(message):
        yield Cause(
            reason="PolicyDenied", text=f"Its pods are refused by the policy {found[1]}: {sentence(found[2])}",
            facts=facts, commands=(f"kubectl get validatingadmissionpolicy {found[1]} -o yaml",),
            about=f"validatingadmissionpolicy/{found[1]}",
        )  # fmt: skip
    elif found := _FORBIDDEN.search(message):
        yield Cause(
            reason="Forbidden", text=f"Its controller may not make its pods: {sentence(message)}", facts=facts,
            commands=(f"sampan why --as {found[1]} {found[2]} {found[3]}{where}",),
        )  # fmt: skip
    else:
        yield _other(message, obj, facts, about)


def _other(message: str, obj: Object, facts: tuple[str, ...], about: str) -> Cause:
    lower, where = message.lower(), flag(namespace_of(obj))
    if "error looking up service account" in lower or ("serviceaccount" in lower and "not found" in lower):
        name = get_path(obj, "spec", "template", "spec", "serviceAccountName", default="default")
        return Cause(
            reason="ServiceAccountMissing", text=f"Its pods are refused: the ServiceAccount {name} does not exist.",
            facts=facts, commands=(f"kubectl create serviceaccount {name}{where}",), about=f"serviceaccount/{name}",
        )  # fmt: skip
    if "limit" in lower and ("maximum" in lower or "minimum" in lower) and "usage per" in lower:
        return Cause(
            reason="LimitRange", text=f"Its pods are refused by a LimitRange: {sentence(message)}", facts=facts,
            commands=(f"kubectl describe limitranges{where}",),
        )  # fmt: skip
    if "priority class" in lower or "priorityclass" in lower:
        return Cause(
            reason="NoPriorityClass", text=f"Its pods are refused: {sentence(message)}", facts=facts,
            commands=("kubectl get priorityclasses",),
        )  # fmt: skip
    return Cause(reason="CreateFailed", text=f"Its pods are refused: {sentence(message)}", facts=facts, about=about)


def _quota(found: re.Match[str], obj: Object, objects: Objects, facts: tuple[str, ...]) -> Cause:
    name, where = found[1], flag(namespace_of(obj))
    quota = objects.get(RESOURCE_QUOTAS, name, namespace_of(obj))
    hard, used = (
        get_path(quota or {}, "status", "hard", default={}),
        get_path(quota or {}, "status", "used", default={}),
    )
    now = tuple(f"{ref(quota)}: {key} {used.get(key, '0')} of {value}" for key, value in hard.items()) if quota else ()
    return Cause(
        reason="QuotaExceeded",
        text=f"Its pods are refused by the ResourceQuota {name}: {_short(found[2])} is asked for, "
        f"{_short(found[3])} of {_short(found[4])} is used.",
        facts=(*facts, *now), about=f"resourcequota/{name}",
        commands=(f"kubectl describe resourcequota {name}{where}", f"kubectl edit resourcequota {name}{where}"),
    )  # fmt: skip


def _short(text: str) -> str:
    return one_line(listed(text.rstrip(".").split(","), 8).rstrip(";"))

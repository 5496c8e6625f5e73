"""The controller: from a Website and what is there, to what has to be done. Pure; performs nothing itself."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Create, Key, Observed, Reconciler, Remove, Update, Watching
from sampan_machinery.metadata import copy, get_path, is_controlled_by, is_deleting, now_text, set_condition
from website.parts import updated, wanted
from website.resources import CONFIG_MAPS, DEPLOYMENTS, INGRESSES, SERVICES, WEBSITES

PARTS = (CONFIG_MAPS, DEPLOYMENTS, SERVICES, INGRESSES)


def decide(key: Key, observed: Observed) -> Iterator[Action]:
    """Make, change and remove the site's parts, then say in its status how it is."""
    site = observed.get(WEBSITES, key.name, key.namespace)
    if site is None or is_deleting(site):
        return  # the parts go with their owner: garbage collection sees to that
    taken = []
    parts = wanted(site)
    for resource in PARTS:
        part, current = parts.get(resource), observed.get(resource, key.name, key.namespace)
        if current is not None and not is_controlled_by(current, site):
            if part is not None:
                taken.append(resource.kind)
        elif part is None and current is not None:
            yield Remove(resource, key.name, key.namespace, uid=current["metadata"]["uid"], event_on=site)
        elif part is not None and current is None:
            yield Create(resource, part, event_on=site)
        elif part is not None and current is not None:
            better = updated(resource, current, part)
            if better != current:
                yield Update(resource, better)
    status = _status(site, taken, observed)
    if status != site.get("status"):
        yield Update(WEBSITES, {**site, "status": status}, subresource="status")


def _status(site: Object, taken: list[str], observed: Observed) -> Object:
    name, namespace = site["metadata"]["name"], site["metadata"]["namespace"]
    deployment = observed.get(DEPLOYMENTS, name, namespace)
    service = observed.get(SERVICES, name, namespace)
    status: Object = copy(site.get("status") or {})
    ready = get_path(deployment, "status", "readyReplicas", default=0) or 0
    status["observedGeneration"] = generation = site["metadata"]["generation"]
    status["readyReplicas"] = ready
    address = site["spec"].get("host") or get_path(service, "spec", "clusterIP", default="")
    if address:
        status["url"] = f"http://{address}/"
    if taken:
        available, reason = "False", "NameTaken"
        message = f"{', '.join(taken)} {name} belongs to somebody else; rename the Website or remove it"
    elif ready:
        available, reason, message = "True", "Serving", "the site is served"
    else:
        available, reason, message = "False", "NotReady", "no pod serves the site yet"
    now = now_text(observed.now)
    set_condition(
        status, "Available", available, now=now, reason=reason, message=message, observedGeneration=generation
    )
    return status


CONTROLLER = Reconciler(
    name="website", primary=WEBSITES, watches=tuple(Watching(resource) for resource in PARTS), decide=decide
)

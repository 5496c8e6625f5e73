"""Executes the rules of CronFederatedHPAs at their times: scales the target, and keeps the history in the status."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, cast

from sampan.contracts.kinds import Object
from sampan.errors import Conflict, NotFound, StatusError, TooManyRequests
from sampan_client.scales import NoSuchTarget, Targets
from sampan_federation.controllers import Context, Enqueue
from sampan_federation.cronscaling.planning import Plan, Rule, plan, record
from sampan_federation.resources import CRON_FEDERATED_HPAS, FEDERATED_HPAS
from sampan_machinery.metadata import get_path, is_deleting, key_of

Key = tuple[str, str]  # namespace, name


class CronScaling:
    """Satisfies ``Controller``. Keys: (namespace, name) of a CronFederatedHPA."""

    name = "cronscaling"
    workers = 1

    def __init__(self, context: Context) -> None:
        self._context = context
        self._scalers = context.caches.of(CRON_FEDERATED_HPAS)
        self._targets = Targets(context.host, context.clock)
        self._said: dict[Hashable, list[str]] = {}  # problems that an Event was written of
        self._enqueue: Enqueue = lambda key: None

    def start(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        self._scalers.on_change(self._changed)

    def handle(self, key: Hashable) -> float | None:
        namespace, name = cast("Key", key)
        scaler = self._scalers.get(name, namespace)
        if scaler is None or is_deleting(scaler):
            self._said.pop(key, None)
            return None
        found = self._plan(scaler)
        if found.due:  # the cache may not show yet that it was executed
            try:
                scaler = self._context.host.get(CRON_FEDERATED_HPAS, name, namespace)
            except NotFound:
                return None
            if is_deleting(scaler):
                return None
            found = self._plan(scaler)
        self._say(key, scaler, found.problems)
        for due in found.due:
            error = self._execute(scaler, due.rule)
            if error:
                self._context.recorder.event(scaler, "Warning", "ScaleFailed", error)
            record(found.histories, due, self._context.clock(), error=error)
        self._write(scaler, found.histories)
        return None if found.wake is None else max(0.0, found.wake - self._context.clock())

    def close(self) -> None:
        return None

    def _plan(self, scaler: Object) -> Plan:
        histories = get_path(scaler, "status", "executionHistories", default=None) or ()
        return plan(scaler["spec"].get("rules") or (), histories, self._context.clock())

    def _say(self, key: Hashable, scaler: Object, problems: list[str]) -> None:
        for words in problems:
            if words not in self._said.get(key, ()):
                self._context.recorder.event(scaler, "Warning", "StartRuleFailed", words)
        self._said[key] = problems

    def _write(self, scaler: Object, histories: list[Object]) -> None:
        """Over the revision that was read: with another one all is looked at again."""
        if histories == (get_path(scaler, "status", "executionHistories", default=None) or []):
            return
        namespace, name = key_of(scaler)
        change = {
            "metadata": {"resourceVersion": scaler["metadata"]["resourceVersion"]},
            "status": {"executionHistories": histories},
        }
        try:
            self._context.host.patch(CRON_FEDERATED_HPAS, name, change, namespace, subresource="status")
        except NotFound:
            return

    def _execute(self, scaler: Object, rule: Rule) -> str:
        """Why it failed, "" where it did not. Raises what is to be tried again: targets are numbers, so a second time
        changes nothing."""
        reference, (namespace, name) = scaler["spec"]["scaleTargetRef"], key_of(scaler)
        try:
            if reference.get("apiVersion") == FEDERATED_HPAS.api_version:
                if reference["kind"] != FEDERATED_HPAS.kind:
                    what = f"{reference['apiVersion']}/{reference['kind']}"
                    return f"CronFederatedHPA({namespace}/{name}) do not support scale target {what}"
                self._bound(reference["name"], namespace, rule)
            else:
                self._scale(reference, namespace, rule)
        except (Conflict, TooManyRequests):
            raise
        except StatusError as error:
            return error.message
        except NoSuchTarget as error:
            return str(error)
        return ""

    def _bound(self, name: str, namespace: str, rule: Rule) -> None:
        spec = self._context.host.get(FEDERATED_HPAS, name, namespace).get("spec") or {}
        wanted: dict[str, Any] = {"minReplicas": rule.get("targetMinReplicas")}
        wanted["maxReplicas"] = rule.get("targetMaxReplicas")
        change = {field: value for field, value in wanted.items() if value is not None and spec.get(field) != value}
        if change:
            self._context.host.patch(FEDERATED_HPAS, name, {"spec": change}, namespace)

    def _scale(self, reference: Object, namespace: str, rule: Rule) -> None:
        if rule.get("targetReplicas") is None:  # the kind's schema refuses it
            raise NoSuchTarget(f"targetReplicas cannot be nil if you want to scale {reference['kind']}")
        resource, scale = self._targets.scale(reference, namespace)
        if get_path(scale, "spec", "replicas", default=0) != rule["targetReplicas"]:
            change = {"spec": {"replicas": rule["targetReplicas"]}}
            self._context.host.patch(resource, reference["name"], change, namespace, subresource="scale")

    def _changed(self, old: Object | None, new: Object | None) -> None:
        if old is None or new is None or old.get("spec") != new.get("spec"):
            self._enqueue(key_of(new or old or {}))

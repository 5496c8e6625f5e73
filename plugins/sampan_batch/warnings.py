"""Warnings about Jobs and CronJobs that are accepted but will surprise. Source: upstream's batch strategies."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan_machinery import names
from sampan_machinery.metadata import get_path
from sampan_podspec.advice import advice

_COMPLETIONS = 100_000
_PARALLELISM = 10_000
PODS_STAY = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set "
    "propagationPolicy=Orphan to suppress this warning"
)
_PAGE = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/"


class JobWarnings:
    """An admitter that refuses nothing; asked of Jobs and CronJobs alone."""

    name = "JobWarnings"
    operations = frozenset({"CREATE", "UPDATE", "DELETE"})
    resources = frozenset({"jobs.batch", "cronjobs.batch"})
    subresources = frozenset({""})
    mutates = False
    priority = 900

    def admit(self, review: Review) -> None:
        found: list[str] = []
        if review.object is not None:
            found = warnings_of(review.object, review.old, review.kind.kind)
        elif review.kind.kind == "Job" and not review.options.keys() & {"propagationPolicy", "orphanDependents"}:
            found = [PODS_STAY]
        review.warnings += [text for text in found if text not in review.warnings]  # one for a whole collection


def warnings_of(new: Object, old: Object | None, kind: str) -> list[str]:
    return [*_of_name(new, old), *_of_spec(new, old, kind), *_of_schedule(new, old, kind)]


def _of_name(new: Object, old: Object | None) -> Iterator[str]:
    complaints = names.dns_label(new["metadata"].get("name") or "") if old is None else ()
    if complaints:
        yield (
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; "
            f"a DNS label is recommended: [{' '.join(complaints)}]"
        )


def _of_spec(new: Object, old: Object | None, kind: str) -> Iterator[str]:
    path = ("spec",) if kind == "Job" else ("spec", "jobTemplate", "spec")
    spec = get_path(new, *path, default={})
    if old is not None and old.get("spec") == new.get("spec"):
        return
    many = (spec.get("completions") or 0) > _COMPLETIONS and (spec.get("parallelism") or 0) > _PARALLELISM
    if spec.get("completionMode") == "Indexed" and many:
        yield (
            f"{'.'.join(path)}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher "
            "than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
        )
    yield from advice(spec.get("template") or {}, f"{'.'.join(path)}.template")


def _of_schedule(new: Object, old: Object | None, kind: str) -> Iterator[str]:
    if kind == "CronJob" and old is not None and "TZ" in (new["spec"].get("schedule") or ""):
        yield (f"cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see {_PAGE} for more details")

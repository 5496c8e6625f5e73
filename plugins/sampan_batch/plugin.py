"""Where sampan_batch meets the platform."""

from __future__ import annotations

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.contracts.reconciling import Reconciler, Watching
from sampan.hookspecs import hookimpl
from sampan_machinery.resources import CRON_JOBS, JOBS, PODS


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_batch.kinds import CRON_JOB, JOB

    return [JOB, CRON_JOB]


@hookimpl
def contribute_admitters() -> list[Admitter]:
    from sampan_batch.warnings import JobWarnings

    return [JobWarnings()]


@hookimpl
def contribute_reconcilers() -> list[Reconciler]:
    from sampan_batch import cronjobs, finalizers, jobs, ttl

    return [
        Reconciler(
            name="job-controller",
            primary=JOBS,
            watches=(Watching(PODS, jobs.keys_of_pod),),
            decide=jobs.decide,
        ),
        Reconciler(
            name="job-finalizers",
            primary=PODS,
            watches=(Watching(PODS, finalizers.keys_of_pod), Watching(JOBS, finalizers.keys_of_job)),
            decide=finalizers.decide,
        ),
        Reconciler(name="ttl-after-finished-controller", primary=JOBS, decide=ttl.decide),
        Reconciler(
            name="cronjob-controller",
            primary=CRON_JOBS,
            watches=(Watching(JOBS),),
            decide=cronjobs.decide,
        ),
    ]

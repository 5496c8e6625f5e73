"""The kinds Job and CronJob. Source: the batch/v1 API reference."""

from __future__ import annotations

from sampan.contracts.kinds import Kind
from sampan_batch.columns import cron_job_columns, job_columns
from sampan_batch.defaults import default_cron_job, default_job, prepare_job
from sampan_batch.validation.cronjobs import validate_cron_job
from sampan_batch.validation.jobs import validate_job
from sampan_machinery.metadata import get_path

JOB = Kind(
    group="batch", version="v1", kind="Job", plural="jobs", categories=("all",),
    status=True, generation=True, propagation="Orphan",
    fields={"status.successful": lambda job: str(get_path(job, "status", "succeeded", default=0))},
    default=default_job, prepare=prepare_job, validate=validate_job, columns=job_columns(),
)  # fmt: skip

CRON_JOB = Kind(
    group="batch", version="v1", kind="CronJob", plural="cronjobs", short_names=("cj",), categories=("all",),
    status=True, generation=True,
    default=default_cron_job, validate=validate_cron_job, columns=cron_job_columns(),
)  # fmt: skip

"""A commit as one transaction of etcd's, from its ops to its answer. Knows the store's keys and revisions both ways."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sampan.contracts.store import Op, Put, Stale
from sampan.errors import SampanError
from sampan_etcd.failures import Failure, FailureKind
from sampan_etcd.leases import Leases
from sampan_etcd.members import Members
from sampan_etcd.messages import (
    TXN,
    TxnResult,
    delete_op,
    look_op,
    put_op,
    read_outcome,
    txn_request,
    unmodified_since,
)
from sampan_etcd.names import Names
from sampan_etcd.pipeline import Pipeline, Submission

log = logging.getLogger(__name__)

MOST_OPS = 128  # of one transaction, unless etcd's --max-txn-ops says otherwise
LEASE_ATTEMPTS = 3


class Commits:
    """Starts what the pipeline lets go, and finishes it there."""

    def __init__(self, members: Members, names: Names, noted: Callable[[int], int]) -> None:
        self._members = members
        self._names = names
        self._noted = noted  # is told each revision
        self._leases = Leases(members)
        self.pipeline = Pipeline(self._start)

    def _start(self, order: Submission, attempts: int = LEASE_ATTEMPTS) -> None:
        ttls = {op.ttl for op in order.ops if type(op) is Put and op.ttl}
        if ttls:
            self._with_leases(order, sorted(ttls), {}, attempts)
        else:
            self._write(order, {}, attempts)

    def _with_leases(self, order: Submission, ttls: list[int], leases: dict[int, int], attempts: int) -> None:
        """Take a lease for each ttl, one after the other (nearly always there is one), then write."""
        ttl = ttls[0]

        def then(found: int | Failure) -> None:
            if isinstance(found, Failure):
                self.pipeline.finish(order, found.as_error())
                return
            leases[ttl] = found
            if len(ttls) > 1:
                self._with_leases(order, ttls[1:], leases, attempts)
            else:
                self._write(order, leases, attempts)

        self._leases.take(ttl, then)

    def _write(self, order: Submission, leases: dict[int, int], attempts: int) -> None:
        def then(answer: bytes | Failure) -> None:
            if isinstance(answer, Failure) and answer.meaning is FailureKind.NO_LEASE and attempts > 1:
                for id in leases.values():
                    self._leases.forget(id)
                self._start(order, attempts - 1)
                return
            self.pipeline.finish(order, self._answer(order, answer))

        self._members.send(TXN, self._request(order, leases), then)

    def _request(self, order: Submission, leases: dict[int, int]) -> bytes:
        conditions, success, failure = [], [], []
        for op in order.ops:
            key = self._names.key(op.key)
            if op.expect is not None:
                conditions.append(unmodified_since(key, self._names.theirs(op.expect) if op.expect else 0))
                failure.append(look_op(key))
            # A delete of what must be absent is there to make this a writing transaction: of one that writes nothing
            # etcd answers from the member's own knowledge, which may be behind.
            success.append(put_op(key, op.value, leases.get(op.ttl, 0)) if type(op) is Put else delete_op(key))
        return txn_request(conditions, success, failure)

    def _answer(self, order: Submission, answer: bytes | Failure) -> int | SampanError:
        if isinstance(answer, Failure):
            return answer.as_error()
        outcome = read_outcome(answer)
        if outcome.succeeded:
            return self._noted(self._names.ours(outcome.revision))
        return Stale(self._culprit(order, outcome))

    def _culprit(self, order: Submission, outcome: TxnResult) -> str:
        """The first key that is not as expected."""
        expecting: list[Op] = [op for op in order.ops if op.expect is not None]
        for op, pairs in zip(expecting, outcome.found, strict=True):
            expected = self._names.theirs(op.expect) if op.expect else 0
            if (pairs[0].modified if pairs else 0) != expected:
                return op.key
        return expecting[0].key

from __future__ import annotations

import pytest

from sampan_logging.outcomes import Disposition, outcome


@pytest.mark.parametrize(
    ("item", "fate"),
    [
        ({"status": 201}, Disposition.ARRIVED),
        ({"status": 409, "error": {"type": "version_conflict_engine_exception"}}, Disposition.REPEATED),
        ({"status": 429, "error": {"type": "es_rejected_execution_exception"}}, Disposition.RETRY),
        ({"status": 503, "error": "x"}, Disposition.RETRY),
        ({"status": 403, "error": {"type": "cluster_block_exception"}}, Disposition.RETRY),  # the disk is full
        ({"status": 404, "error": {"type": "index_not_found_exception"}}, Disposition.RETRY),
        ({"status": 400, "error": {"type": "document_parsing_exception"}}, Disposition.REJECTED),
        ({"status": 413}, Disposition.REJECTED),
        ({"status": "N/A"}, Disposition.RETRY),
        ({}, Disposition.RETRY),
    ],
)
def test_each_item_has_a_fate_of_its_own(item, fate):
    assert outcome(item).fate is fate


def test_the_reason_is_told_with_its_cause():
    error = {"type": "a", "reason": "b", "caused_by": {"type": "c", "reason": "d"}}

    assert outcome({"status": 400, "error": error}).why == "400 a: b (c: d)"

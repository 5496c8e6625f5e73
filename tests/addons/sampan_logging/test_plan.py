from __future__ import annotations

import pytest

from sampan_logging.entries import Progress
from sampan_logging.lines import LinePosition
from sampan_logging.plan import ReadStep, missed_runs, next_step, rotated, unread
from sampan_logging.pods import ContainerState

HERE = LinePosition(5, 0, "d")


@pytest.mark.parametrize(
    ("progress", "seen", "step"),
    [
        (None, ContainerState(), None),  # nothing has begun
        (None, ContainerState(0, begun=True), ReadStep(0, same=False)),
        (None, ContainerState(3, begun=True), ReadStep(3, same=False, previous=True)),
        (Progress(0, HERE), ContainerState(0, begun=True), ReadStep(0, same=True)),
        (Progress(0, HERE), ContainerState(0, begun=True, over=True), ReadStep(0, same=True)),
        (Progress(0, HERE, ended=True), ContainerState(0, begun=True, over=True), None),
        (Progress(0, HERE, ended=True), ContainerState(1, begun=True), ReadStep(1, same=False, previous=True)),
        (Progress(0, HERE, ended=True), ContainerState(1), None),  # it waits for its first start
    ],
)
def test_what_is_read_next(progress, seen, step):
    assert next_step(progress, seen) == step


@pytest.mark.parametrize(
    ("progress", "run", "there", "words"),
    [
        (None, 1, True, ""),
        (None, 2, True, "run 0 are missing"),
        (None, 3, False, "runs 0 to 2 are missing"),
        (Progress(0, HERE, ended=True), 1, True, ""),
        (Progress(0, HERE, ended=True), 2, True, ""),
        (Progress(0, HERE, ended=True), 3, True, "run 1 are missing"),
        (Progress(0, HERE, ended=True), 2, False, "run 1 are missing"),
        (Progress(0, None), 1, True, ""),
        (Progress(0, HERE), 1, True, "rotated"),
        (Progress(0, HERE), 1, False, "run 0 are missing"),
        (Progress(0, HERE), 3, True, "runs 0 to 1 are missing"),
    ],
)
def test_what_is_lost_is_said(progress, run, there, words):
    said = missed_runs(progress, ReadStep(run, same=False, previous=True), found=False, there=there, young=True)

    assert words in said if words else said == ""


def test_nothing_is_lost_where_the_last_line_is_found():
    assert missed_runs(Progress(0, HERE), ReadStep(1, same=False), found=True, there=True, young=True) == ""


def test_what_happened_before_shipping_began_is_no_loss():
    assert missed_runs(None, ReadStep(9, same=False, previous=True), found=False, there=True, young=False) == ""


def test_a_log_that_went_away_is_said():
    assert (
        "run 2" in unread(Progress(2), "gone") and "nothing" in unread(None, "gone") and "run 1" in rotated(Progress(1))
    )

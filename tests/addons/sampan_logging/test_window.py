from __future__ import annotations

from sampan_logging.spool import SpoolPosition
from sampan_logging.window import Document, Window


def sent(window, offset, count):
    entry = window.add(SpoolPosition(1, offset), count, oldest=offset)
    return [Document({}, 1, entry) for _ in range(count)]


def test_the_spool_is_free_up_to_the_first_that_has_not_arrived():
    window = Window(SpoolPosition(1, 0))
    first, second, third = sent(window, 10, 2), sent(window, 20, 1), sent(window, 30, 1)

    for document in (first[0], *second, *third):
        window.settle(document)
    assert window.advance() == SpoolPosition(1, 0) and window.oldest == 10

    window.settle(first[1])
    assert window.advance() == SpoolPosition(1, 30) and window.oldest == 0


def test_entries_without_lines_need_no_answer():
    window = Window(SpoolPosition(1, 0))
    sent(window, 10, 0)

    assert window.advance() == SpoolPosition(1, 10)


def test_documents_come_back_when_it_is_time():
    window = Window(SpoolPosition(1, 0))
    soon, late = sent(window, 10, 2)
    window.retry(late, now=0.0, pause=9.0)
    window.retry(soon, now=0.0, pause=1.0)

    assert window.next_due == 1.0
    assert window.due(0.5, 10) == []
    assert window.due(2.0, 10) == [soon]
    assert window.due(20.0, 10) == [late] and late.tries == 1 and window.next_due is None

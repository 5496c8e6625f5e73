"""The recorded corpus, told to a server in this process: only accepted differences from kube-apiserver 1.36."""

from __future__ import annotations

import accepting
import recording
import telling
from differing import differences
from judging import place
from sessions import Session
from targets import InProcess

from sampan.contracts.access import User
from sampan_testing.cluster import MASTERS, start


def test_the_recorded_corpus_shows_only_accepted_differences() -> None:
    found: dict[str, str] = {}
    compared = 0
    with start(control=False, settings={"localpath": {"default_class": False}}) as cluster:  # as the peer has none
        target = InProcess(cluster.app.wsgi, User("admin", (MASTERS, "system:authenticated"), "admin-uid"))
        telling.make_namespace(target)
        for number, (story, answers) in enumerate(recording.read()):
            session = Session(target, f"s{number:05d}")
            for step, kept in zip(story.steps, answers, strict=True):
                answer = session.tell(step)
                if answer is None or kept is None:
                    continue
                compared += 1
                for difference in differences(f"{step.verb} {place(story, step.path)}", answer, kept):
                    if not accepting.reason(difference):
                        found.setdefault(difference.key, f"{difference.line}\n    story {number}: {step.short()}")
                if (answer["status"] < 400) != (kept["status"] < 400):
                    break
            session.clean_up(story)

    assert compared > 1000
    assert not found, f"{len(found)} differences:\n" + "\n".join(found.values())

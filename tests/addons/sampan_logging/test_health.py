from __future__ import annotations

from sampan_logging.health import Health


def test_it_is_ready_when_nothing_ails_and_says_only_what_is_new():
    said = []
    health = Health(lambda words: said.append(("ready", words)), lambda words: said.append(("failing", words)))

    health.say("spool", "")
    health.say("elasticsearch", "away")
    health.say("elasticsearch", "away")
    health.begin("all is well")
    health.say("spool", "full")
    health.say("elasticsearch", "")
    health.say("spool", "")

    assert said == [("failing", "away"), ("failing", "away; full"), ("failing", "full"), ("ready", "all is well")]

from __future__ import annotations

import pytest

from sampan.errors import BadGateway, BadRequest, Forbidden
from sampan_dashboard import operating
from sampan_dashboard.operating import Done, Operator, run


def test_the_command_is_run_as_a_process_of_its_own(tmp_path):
    done = run(["--home", str(tmp_path), "addons", "list", "-o", "json"])

    assert done.code == 0 and '"name": "dashboard"' in done.out


def test_its_own_words_are_shown(tmp_path):
    done = run(["--home", str(tmp_path), "addons", "enable", "nothing"])

    assert done.code == 2 and done.words.startswith("no add-on is called 'nothing'")


def test_a_command_that_does_not_end_is_ended(monkeypatch):
    monkeypatch.setattr(operating, "SECONDS", 0.1)
    monkeypatch.setattr(operating, "MAIN", "import time; time.sleep(600)")

    with pytest.raises(TimeoutError, match="has not ended"):
        run(["addons"])


def test_an_answer_that_is_none_is_said():
    with pytest.raises(BadGateway, match="it broke"):
        Operator("/h", lambda argv: Done(1, "", "sampan: it broke")).addons()


def test_why_there_is_no_diff_is_told():
    operator = Operator("/h", lambda argv: Done(2, "", "sampan: dns has shipped nothing"))

    assert operator.diff("dns") == ("", "dns has shipped nothing")


@pytest.mark.parametrize("name", ["", "-x", "../x", "a/b", "A"])
def test_a_name_is_no_path_and_no_option(name):
    with pytest.raises(BadRequest):
        Operator("/h", lambda argv: Done(0, "", "")).change("ann", "enable", name)


def test_values_are_not_logged(caplog):
    caplog.set_level("INFO")
    Operator("/h", lambda argv: Done(0, "", "")).change("ann", "configure", "dns", "key=secret")

    assert "ann" in caplog.text and "secret" not in caplog.text


def test_only_who_may_do_everything_may_switch(site):
    operating.require_all(site.sign_in().session.account)
    with pytest.raises(Forbidden, match="cluster-admin"):
        operating.require_all(site.sign_in("nobody").session.account)

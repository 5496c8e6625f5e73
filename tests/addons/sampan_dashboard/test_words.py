from __future__ import annotations

import re
from pathlib import Path

import pytest

import sampan_dashboard
from sampan_dashboard import navigation, objects, summaries, words
from sampan_dashboard.web import THEMES

TEMPLATES = Path(sampan_dashboard.__file__).parent / "templates"


def texts():
    """What the templates say, and what they show of constants."""
    found = {text for path in TEMPLATES.glob("*.html") for text in re.findall(r'_\("([^"]+)"\)', path.read_text())}
    source = Path(summaries.__file__).read_text()
    return found | set(navigation.MENU) | set(THEMES) | set(re.findall(r'yield "([^"]+)"', source))


def test_every_text_of_the_pages_is_in_chinese():
    assert len(texts()) > 100
    assert sorted(texts() - set(words.entries("zh"))) == []


def test_the_names_of_actions_are_in_chinese():
    assert {"scale", "restart", "delete", "drain"} <= set(words.entries("zh"))
    assert objects.TABS[0] == ""


def test_what_a_catalogue_lacks_is_shown_in_english():
    translate = words.catalogue("zh")

    assert translate("Overview") == "概览"
    assert translate("Gizmo") == "Gizmo"
    assert words.catalogue("xx")("Overview") == "Overview"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.1", "en"),
        ("de,fr;q=0.5", "en"),
        ("en;q=0.1, zh;q=0.4", "zh"),
        ("zh;q=0", "en"),
        ("zh;q=much", "en"),
        ("", "en"),
    ],
)
def test_the_browser_says_which_language_is_preferred(accepted, language):
    assert words.preferred(accepted) == language

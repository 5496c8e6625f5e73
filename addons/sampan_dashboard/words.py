"""Texts in several languages. The English text is the key; what a catalogue lacks is shown in English."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path

LANGUAGES = {"en": "English", "zh": "中文"}
HERE = Path(__file__).parent / "locale"


@functools.cache
def entries(language: str) -> dict[str, str]:
    path = HERE / f"{language}.json"
    found: dict[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def catalogue(language: str) -> Callable[[str], str]:
    known = entries(language) if language in LANGUAGES else {}
    return lambda text: known.get(text, text)


def preferred(accepted: str) -> str:
    """The first known language of an Accept-Language header, by its weights; else English."""
    weighed = []
    for number, part in enumerate(accepted.split(",")):
        tag, _, rest = part.partition(";")
        try:
            weight = float(rest.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        weighed.append((-weight, number, tag.strip().lower().partition("-")[0]))
    return next((tag for weight, _, tag in sorted(weighed) if tag in LANGUAGES and weight), "en")

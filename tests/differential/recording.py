"""The corpus with the answers that a real API server gave: made once, kept small, compared by a test without a peer.

Answers are kept as sessions.py makes them comparable, without columns' descriptions, and as the difference to the one
before where it is the same object again.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import telling
from sessions import Session
from steps import Story, from_plain
from targets import Target

FILE = Path(__file__).with_name("recorded.json.gz")
GENERATED = 450  # stories beside the fixed ones
SEED = 36


def record(target: Target, *, seed: int = SEED) -> None:
    """Tell the corpus to the target and write what it answered."""
    telling.make_namespace(target)
    stories = corpus(seed)
    kept = []
    for number, story in enumerate(stories):
        session = Session(target, f"s{number:05d}")
        answers = [session.tell(step) for step in story.steps]
        session.clean_up(story)
        kept.append({"story": story.plain(), "answers": [_small(answer) for answer in answers]})
    text = json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()
    FILE.write_bytes(gzip.compress(text, 9, mtime=0))
    print(f"{len(stories)} stories, {sum(len(story.steps) for story in stories)} requests, {FILE.stat().st_size} bytes")


def corpus(seed: int) -> list[Story]:
    """The fixed stories, and as many generated ones, without the watches: each takes a second."""
    found: list[Story] = []
    telling.generate(found.append, seed, GENERATED)
    chosen = [story for story in found if all(step.verb != "watch" for step in story.steps)]
    return [*telling.fixed(), *{json.dumps(story.plain(), sort_keys=True): story for story in chosen}.values()]


def read() -> list[tuple[Story, list[dict[str, Any] | None]]]:
    """Stories and answers."""
    kept = json.loads(gzip.decompress(FILE.read_bytes()))
    return [(from_plain(each["story"]), each["answers"]) for each in kept]


def _small(answer: dict[str, Any] | None) -> dict[str, Any] | None:
    if answer is not None and isinstance(answer["body"], dict):
        for column in answer["body"].get("columnDefinitions") or ():
            column.pop("description", None)
    return answer

import time

import pytest


@pytest.fixture
def until():
    def wait(what, seconds=30):
        end = time.monotonic() + seconds
        while not (found := what()):
            assert time.monotonic() < end, f"not within {seconds} s"
            time.sleep(0.02)
        return found

    return wait

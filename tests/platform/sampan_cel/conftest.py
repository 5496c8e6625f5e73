import pytest

from sampan_cel import Environment, types
from sampan_cel.extensions import ALL


@pytest.fixture
def run():
    """Evaluates an expression; keyword arguments are its variables, of type dyn."""

    def evaluate(text, **values):
        environment = Environment(dict.fromkeys(values, types.DYN), ALL)
        return environment.compile(text).evaluate(values)

    return evaluate

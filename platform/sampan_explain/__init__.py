"""Why an object is as it is: pure functions from objects to causes, and reading what they need."""

from sampan_explain.causes import Cause, Explanation
from sampan_explain.contracts import Explainer
from sampan_explain.explaining import explain, gather
from sampan_explain.objects import Objects, Read, Want
from sampan_explain.reading import reader_of

__all__ = ["Cause", "Explainer", "Explanation", "Objects", "Read", "Want", "explain", "gather", "reader_of"]

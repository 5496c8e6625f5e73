"""Libraries of functions beside the standard ones; an environment takes those that it offers."""

from sampan_cel.extensions.encoders import ENCODERS
from sampan_cel.extensions.lists import LISTS
from sampan_cel.extensions.math import MATH
from sampan_cel.extensions.network import NETWORK
from sampan_cel.extensions.regexes import REGEXES
from sampan_cel.extensions.sets import SETS
from sampan_cel.extensions.strings import STRINGS
from sampan_cel.extensions.urls import URLS

ALL = (ENCODERS, LISTS, MATH, NETWORK, REGEXES, SETS, STRINGS, URLS)

__all__ = ["ALL", "ENCODERS", "LISTS", "MATH", "NETWORK", "REGEXES", "SETS", "STRINGS", "URLS"]

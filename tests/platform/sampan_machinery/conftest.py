"""Properties are checked without a deadline: the machines that run this are shared."""

from hypothesis import settings

settings.register_profile("sampan", deadline=None, max_examples=100)
settings.load_profile("sampan")

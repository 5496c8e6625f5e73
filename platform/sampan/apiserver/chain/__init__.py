"""The steps that a request passes before it is served, one file each."""

"""The API over HTTP or in process; what reconcilers, components and add-ons use. See ``Client``."""

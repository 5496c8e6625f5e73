"""The API over HTTP or in process; what reconcilers, components and add-ons use. See ``Client``."""

from sampan_client.client import Client, Listing
from sampan_client.transports import Response

__all__ = ["Client", "Listing", "Response"]

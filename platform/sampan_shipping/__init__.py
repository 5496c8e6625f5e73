"""What an add-on ships, and how it meets what users have made of it: merged three ways, on any Kubernetes API."""

from sampan_shipping.applying import Outcome, Shipment

__all__ = ["Outcome", "Shipment"]

"""Applies the manifests that an add-on ships, with a three-way merge that keeps users' edits, on any Kubernetes API."""

from sampan_shipping.applying import Shipment, ShippingResult

__all__ = ["Shipment", "ShippingResult"]

"""The node's part of dynamic resource allocation: drivers that register, and devices that they prepare for pods."""

"""CSI drivers: their registration on a node, and the calls that stage and publish volumes for pods."""

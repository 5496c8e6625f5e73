"""An Ingress controller whose data plane is nginx."""

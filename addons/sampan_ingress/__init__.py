"""An Ingress controller whose data plane is nginx: a typed model, every value quoted, tested before use."""

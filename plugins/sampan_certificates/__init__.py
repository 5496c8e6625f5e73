"""CertificateSigningRequest: certificates that the cluster's authority signs after approval."""

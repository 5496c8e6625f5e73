"""ID tokens of OpenID Connect issuers, as an AuthenticationConfiguration names them."""

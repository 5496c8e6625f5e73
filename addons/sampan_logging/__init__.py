"""Ships every container's lines to Elasticsearch, and accounts for them."""

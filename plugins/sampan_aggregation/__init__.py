"""The aggregation layer: APIServices, and requests handed on to the servers behind them."""

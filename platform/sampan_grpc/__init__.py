"""Calls over gRPC with messages declared as tables, without generated code."""

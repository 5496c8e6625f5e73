"""Runs reconcilers: informers, work queue, workers, leader election and events around pure deciders."""

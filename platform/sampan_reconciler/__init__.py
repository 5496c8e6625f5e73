"""Informers, work queues, workers, leader election, events: the shell around pure decisions."""

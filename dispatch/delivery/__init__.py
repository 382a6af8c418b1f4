"""Deliveries: what happens to a case is told to other systems, and their answers move it.

An outbox in the base database, so that a system that is down for an hour loses nothing and delays nobody else.
"""

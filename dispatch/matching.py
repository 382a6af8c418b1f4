"""Matching: matter and place to the team that has the power, is free, and is there soonest; with a reason for every team."""

from dispatch.match_values import BulkDecisions, Candidate, CandidateTable, Decision, Team

__all__ = ["BulkDecisions", "Candidate", "CandidateTable", "Decision", "Team"]

"""The room that decides and acts: intake, cases, rules, matching, clocks, the worker."""

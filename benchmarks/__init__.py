"""What `needle bench` measures: each module beside its peers, in one run, as ratios."""

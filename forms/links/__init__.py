"""Links by which residents are asked: one a person, household or building, or open to an area."""

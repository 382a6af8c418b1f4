"""From files of a city to rows of the base: boundaries, teams, matters and rules, and what happened."""

"""Statistics of places, rates and times: pure functions over arrays, compiled where it matters. No database, no clock."""

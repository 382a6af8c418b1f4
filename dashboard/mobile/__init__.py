"""``/m``: the phone of grid workers and teams, an installable page of its own that works without a network."""

"""Hotspots: where much lies beside much, whether it is more than chance, what became of it, and what is behind it."""

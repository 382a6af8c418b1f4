"""Posters: a sheet for a building's door, with the link to answer by."""

"""Indicators of city management: named, versioned definitions, scores made of them, and how they are counted and reported."""

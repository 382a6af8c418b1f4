"""The room that knows the earth: coordinates, codes, grids, polygons, roads. Pure; imports nothing of ours."""

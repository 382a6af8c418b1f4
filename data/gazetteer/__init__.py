"""The city's own gazetteer: every address that the city knows, found again however it is written."""

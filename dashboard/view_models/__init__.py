"""View models: what a page shows, as plain values; no database, no Dash, no browser."""

"""The room that remembers: settings, PostGIS, tables, stores, importers. The only room that speaks SQL."""

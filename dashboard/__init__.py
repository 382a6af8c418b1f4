"""The room that shows: the operators' process, its pages, and the command line ``needle``."""

"""Where to put the next teams: p-median, maximal covering, and how many a promised time needs; each with its bound. Pure."""

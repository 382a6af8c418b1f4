"""Components: pieces of pages, each a pure function from words and values to Dash components."""

"""Pages: each module holds one page's address, layout and callbacks."""

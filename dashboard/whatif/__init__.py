"""What-ifs: what is asked, replayed in the background, and what came of it as page, map and files show it."""

"""Identity at submission: three ways of equal standing, decided by pure functions, compared on the government's side alone."""

"""What field workers' programs and a server say to each other (OpenRosa 1.0), as documents."""

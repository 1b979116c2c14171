"""Third parties, each set up once and behind a name of our own."""

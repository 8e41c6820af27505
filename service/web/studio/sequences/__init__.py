"""A room of the studio: the sequence editor."""

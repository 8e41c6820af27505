"""A room of the studio: how the sequences do."""

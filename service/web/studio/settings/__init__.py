"""A room of the studio: the settings of practice, forms, consent, transport and studio."""

"""A room of the studio: leads, and what staff do for one."""

"""A room of the studio: what waits for a person: requests, replies, mails held or of unknown fate."""

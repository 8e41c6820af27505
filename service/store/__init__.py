"""All SQL. Functions take a Session and never commit."""

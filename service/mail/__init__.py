"""From a template file to the bytes that are handed over."""

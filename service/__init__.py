"""E-mail lead nurture for a pain practice. The map of the rooms is in docs/architecture.md."""

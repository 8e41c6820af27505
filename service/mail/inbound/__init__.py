"""Mail that comes in: bounces, complaints, automatic answers and people, told apart (no network, no database)."""

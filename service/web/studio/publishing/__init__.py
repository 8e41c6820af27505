"""A room of the studio: plan, publish, roll back; and what every save of a file goes through."""

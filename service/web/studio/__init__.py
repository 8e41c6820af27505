"""The studio: the pages where staff work. `routes.py` is the table of all of them, with who may enter."""

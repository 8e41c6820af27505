"""`python -m service` is `nurture`."""

from service.cli import main

main()

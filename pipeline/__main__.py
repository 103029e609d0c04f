"""`python -m pipeline STAGE`: the same as `fet STAGE`."""

from .cli import main

main()

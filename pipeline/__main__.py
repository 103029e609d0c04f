"""`python -m pipeline STAGE`: the same as `fet STAGE`."""

from pipeline.cli import main

main()

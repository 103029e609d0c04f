"""The stages of the pipeline: Typer commands that read params and inputs and call `fet_core`."""

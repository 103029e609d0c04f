"""FET's library: facial expression transfer without DVC, Typer or the paths of stages."""

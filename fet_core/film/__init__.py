"""Films: a video's expressions on a photograph's face."""

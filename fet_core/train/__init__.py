"""Training: the one loop, checkpoints, losses, and a task for each model."""

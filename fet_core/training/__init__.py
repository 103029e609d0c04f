"""Training: losses, the schedule of batches, checkpoints and the one loop for all models."""

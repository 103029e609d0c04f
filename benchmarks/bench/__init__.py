"""What the benchmarks share: runs in turn, what they ran on, and pictures to run on."""

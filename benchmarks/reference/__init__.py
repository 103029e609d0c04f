"""What the benchmarks are held against: the usual scripts, written as their users write them."""

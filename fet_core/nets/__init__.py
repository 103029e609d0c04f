"""The networks: Φ and Ω of the paper, Φ+ and Ω+, the baselines, and their weights."""

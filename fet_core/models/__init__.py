"""The networks: Φ (fusion), Ω (transfer) and their discriminators."""

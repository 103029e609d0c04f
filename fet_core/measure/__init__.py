"""Measuring: what each model makes of the test triples, and all numbers about it."""

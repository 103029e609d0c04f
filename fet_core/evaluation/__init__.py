"""Measuring results: metrics, rows of the tables, figures."""

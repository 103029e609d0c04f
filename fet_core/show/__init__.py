"""Showing results: tables, charts, figures and the report."""

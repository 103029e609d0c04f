"""How each model is trained and what it makes of test triples: one file a family of models."""

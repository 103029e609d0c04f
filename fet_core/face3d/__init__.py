"""A face in three dimensions: a small linear model of it, and what a picture says of that."""

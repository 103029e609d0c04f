"""The page of `fet serve`: what happens to pictures, its tabs, and the server."""

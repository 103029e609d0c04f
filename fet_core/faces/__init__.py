"""Geometry of a face: finding, aligning, its 68 landmarks, landmark images and warps."""

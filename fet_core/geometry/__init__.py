"""Geometry of faces: finding them, their 68 landmarks, aligning, warping, drawing."""

"""Geometry of a face: finding, aligning, its 68 landmarks, landmark images and warps."""

from __future__ import annotations

POINTS = 68
"""Landmarks of a face in the iBUG 300-W convention that dlib's predictor follows."""

"""Data sets: reading, splitting, aligned faces, samples and what they make on a device."""

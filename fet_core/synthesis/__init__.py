"""Demo faces: people rendered from CC0 assets, in the layouts of CK+ and RaFD."""

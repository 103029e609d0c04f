"""What is on disk, told as rows: readers of data sets, pictures, the split and the pairs."""

from __future__ import annotations

from fet_core.datasets.base import READERS, Entry, Listing, Reader, Reject, make_reader

__all__ = ["READERS", "Entry", "Listing", "Reader", "Reject", "make_reader"]

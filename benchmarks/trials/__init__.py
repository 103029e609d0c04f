"""What `make test-reliability` tries: damaged files, kills, full disks, and many at once."""

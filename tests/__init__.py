"""Tests. README.md says which kind lives where."""

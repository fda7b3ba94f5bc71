"""Frozen values shared by every part. Standard library and numpy only."""

"""Experiments: many permutations of one manifest, run and logged in a directory."""

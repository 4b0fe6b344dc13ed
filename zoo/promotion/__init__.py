"""Promotion: prove that a permutation reproduces, refit it, and wrap it as a sensor."""

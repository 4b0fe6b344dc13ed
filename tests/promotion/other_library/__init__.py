"""A library of somebody else's, which knows nothing of zoo: frames of polars or pandas, models and a loop."""

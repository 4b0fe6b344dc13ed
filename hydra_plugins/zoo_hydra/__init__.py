"""zoo's plugins for Hydra. Every Hydra application imports them at its start: nothing heavy here."""

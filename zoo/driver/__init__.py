"""Apply one spec; run many; never let one reach the next."""

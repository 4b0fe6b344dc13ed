"""What a long run shows while it runs: observers of `zoo.events`."""

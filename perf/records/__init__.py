"""What comes back of a measurement: plain data, JSON both ways."""

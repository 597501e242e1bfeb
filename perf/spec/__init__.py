"""What is to be measured: plain data, read by both sides."""

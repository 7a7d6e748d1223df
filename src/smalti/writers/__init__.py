"""What is written: sharded arrays that grow, and files that are there as a whole or not at all."""

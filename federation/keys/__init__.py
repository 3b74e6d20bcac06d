"""Key sets and tokens."""

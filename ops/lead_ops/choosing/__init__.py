"""Which leads a command means: its options, what they choose, and one act on all of them."""

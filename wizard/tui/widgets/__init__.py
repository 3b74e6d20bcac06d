"""The parts that the screens of the terminal app are put together from."""

"""Documents that other programs read, made of plain data. Imports nothing of ours."""

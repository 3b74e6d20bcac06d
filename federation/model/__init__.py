"""What a configuration is: its fields, their rules, its names and places."""

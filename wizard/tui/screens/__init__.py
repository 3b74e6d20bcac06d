"""The steps of the terminal app, one module each, and its dialogs."""

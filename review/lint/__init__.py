"""A linter for federations: rules as data with a function each, one module for a group of them."""

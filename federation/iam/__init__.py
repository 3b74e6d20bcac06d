"""Trust policies: built, parsed and evaluated."""

"""The YAML of a configuration: read, saved and edited, and its mistakes named."""

"""What is to be set on API servers, and in which order. Pure: no network, no process, no files."""

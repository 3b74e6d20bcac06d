"""The list of checksums of a review, and its verification."""

"""The layers of an examination, one module each: fetch, compare, and say what was found."""

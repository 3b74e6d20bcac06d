"""Writes `clusters/cluster.schema.json`: `python -m federation.schema`."""

from federation.files import SCHEMA, schema, write

if __name__ == "__main__":
    write(SCHEMA, schema())

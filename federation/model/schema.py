"""Writes `clusters/cluster.schema.json`: `python -m federation.model.schema`."""

from federation.yaml.files import SCHEMA, schema, write

if __name__ == "__main__":
    write(SCHEMA, schema())

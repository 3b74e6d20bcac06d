"""The rules of each layer, as data: one module a layer, texts and nothing else."""

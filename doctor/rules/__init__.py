"""The rules of the layer `control-plane`."""

"""The networks of the bundled model in PyTorch, with the tensor names the runtime loads."""

# Makes this folder a Python package, so that scripts/sync.py can import from it.

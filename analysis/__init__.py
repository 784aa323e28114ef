"""Questions: values in, values out. Nothing here reads, writes or draws.

Imports `layers` and `geo`.
"""

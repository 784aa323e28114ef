"""The data that ships with Zonewright, and the modules that rebuild it.

`data/boundaries/` holds the shapes, `data/authorities/` one pack for each authority. Both are made
by the `build_*` modules from named, pinned packages of the public Python registry, byte for byte:
`python -m data.build_all`. What is real, what is modelled and what is approximate stands in
docs/data.md. The tool itself never imports this package: it reads the files.
"""

"""Places: units, plans, who borders whom, and what may go wrong with a boundary file.

Everything here is projected in British National Grid (EPSG:27700), so lengths are metres.
Imports nothing of the other packages.
"""

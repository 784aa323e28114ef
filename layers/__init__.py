"""Named datasets on places: measures, indicators, incidents, schools, sites, staffing, packs.

Imports `geo` only. Files are read in `layers.read`; everything else is values.
"""

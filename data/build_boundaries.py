"""Build `data/boundaries/`: the small areas of the four authorities and the outline of England.

Run `python -m data.build_boundaries [--wheels FOLDER]`.
"""

import geopandas as gpd
import numpy as np
import shapely

from data.build_command import run
from data.build_pack import BOUNDARIES, write_manifest
from data.build_registry import Wheels
from data.build_sources import LSOA, OUTLINE, read_lsoa, read_outline
from geo.adjacency import build_adjacency
from geo.errors import GeographyError
from geo.geography import EPSG
from layers.write import write_shapes

# The districts of each authority, by the names that LSOA 2011 carry.
DISTRICTS = {
    "dorset": (
        "Christchurch",
        "East Dorset",
        "North Dorset",
        "Purbeck",
        "West Dorset",
        "Weymouth and Portland",
    ),
    "bcp": ("Bournemouth", "Christchurch", "Poole"),
    "kirklees": ("Kirklees",),
    "durham": ("County Durham",),
}
# Units and pairs of neighbours that the boundaries must have: a check on every step above.
EXPECTED = {"dorset": (249, 623), "bcp": (233, 632), "kirklees": (259, 718), "durham": (324, 879)}

# The outline stands behind the map in place of tiles; 50 m is under a pixel at county scale.
OUTLINE_TOLERANCE_M = 50
SMALLEST_ISLAND_M2 = 20_000


def build(wheels: Wheels) -> None:
    """Write every boundary file and the manifest."""
    made = {}
    for key in DISTRICTS:
        name = f"lsoa11_{key}.parquet"
        made[name] = write_shapes(BOUNDARIES / name, unit_boundaries(wheels, key))
    outline = simplified(read_outline(wheels))
    england = gpd.GeoDataFrame({"unit": ["E92000001"], "name": ["England"]}, geometry=[outline])
    made["england_outline.parquet"] = write_shapes(
        BOUNDARIES / "england_outline.parquet", england.set_crs(EPSG)
    )
    write_manifest(BOUNDARIES, made=made, sources=[LSOA, OUTLINE], notes=NOTES)


def unit_boundaries(wheels: Wheels, key: str) -> gpd.GeoDataFrame:
    """Read the units of one authority and check that they are the coverage they should be.

    Raises
    ------
    GeographyError
        When the shapes overlap, or units or borders are not as many as they should be.
    """
    units = read_lsoa(wheels, DISTRICTS[key])[["unit", "name", "geometry"]]
    shapes = units.geometry.to_numpy()
    if not (shapely.is_valid(shapes).all() and shapely.coverage_is_valid(shapes)):
        raise GeographyError(f"The units of {key} overlap or have rings that cross themselves.")
    found = len(units), len(build_adjacency(shapes).pairs[0])
    if found != EXPECTED[key]:
        raise GeographyError(
            f"{key} has {found[0]} units and {found[1]} borders, not {EXPECTED[key]}.",
            remedy="Has the rounding to a centimetre been left out?",
        )
    return units


def simplified(outline: shapely.Geometry) -> shapely.Geometry:
    """Keep the coast to 50 m, round to a metre and drop islands under 2 hectares."""
    parts = shapely.get_parts(outline)
    large = shapely.multipolygons(parts[shapely.area(parts) >= SMALLEST_ISLAND_M2])
    slim = shapely.simplify(np.array([large]), OUTLINE_TOLERANCE_M, preserve_topology=True)
    rounded: shapely.Geometry = shapely.set_precision(slim, 1.0)[0]
    return rounded


NOTES = (
    (
        "LSOA shapes were reprojected from EPSG:4326 to EPSG:27700 and rounded to a centimetre, so "
        "that neighbours share the vertices of their border; nothing else was changed."
    ),
    "Christchurch stands in the files of both dorset (the county as of 2016-17) and bcp.",
    (
        "The outline of England was simplified to 50 m and rounded to a metre; islands under "
        "2 hectares were dropped."
    ),
    "Brownsea Island is part of unit E01020466 (Studland) in these boundaries.",
)


if __name__ == "__main__":
    run(build, what="the boundaries")

"""What a map sends to the browser: nothing from outside, nothing unescaped, nothing suppressed."""

import re
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely

from analysis.tables import unit_table
from app.choices import Choice
from app.maps import to_degrees
from app.picture import MapSettings, zone_chart, zone_or_unit_table
from layers.pack import Pack
from layers.read import read_pack
from layers.status import Status

HOSTILE = "<img src=x onerror=alert(1)>"


def _settings(pack: Pack, key: str, *, by: str) -> MapSettings:
    indicator = pack.indicator(key)
    return MapSettings(True, indicator, by, "Quantiles", 5, "Blues", tiles=False)


def _page(pack: Pack, key: str, *, by: str, plan: str = "zones") -> str:
    choice, settings = Choice(pack, pack.plan(plan)), _settings(pack, key, by=by)
    chart = zone_chart(choice, settings, zone_or_unit_table(choice, settings), large=False)
    return str(chart.get_root().render())


@pytest.mark.parametrize("by", ["zone", "unit"])
def test_a_map_names_no_outside_host(dorset: Pack, by: str) -> None:
    hosts = set(re.findall(r"https?://[^/\"' ]+", _page(dorset, "referrals", by=by)))
    assert hosts <= {"http://www.w3.org"}


def test_names_from_files_are_escaped(small_folder: Path) -> None:
    for file in (
        "authority.toml",
        "plans/zones.csv",
        "staffing.csv",
        "towns.csv",
        "schools.csv",
        "sites.csv",
    ):
        path = small_folder / file
        text = path.read_text()
        for name in ("North", "Centreton", "The Office"):
            text = text.replace(name, HOSTILE)
        path.write_text(text)
    pack = read_pack(small_folder)
    assert HOSTILE in pack.plan("zones").plan.zones
    page = _page(pack, pack.indicators[0].key, by="unit")
    assert HOSTILE not in page
    assert "img src=x" in page


def test_suppressed_counts_are_not_in_the_map(dorset: Pack) -> None:
    for indicator in dorset.indicators:
        if not dorset.measures.measure(indicator.numerator).sensitive:
            continue
        table = unit_table(dorset.plan("zones").plan, indicator, dorset)
        count = table.column(indicator.numerator)
        hidden = count.status == Status.SUPPRESSED
        title = re.escape(count.title)
        page = _page(dorset, indicator.key, by="unit")
        field = re.search(r"aliases = \[(.*?)\];", page, re.DOTALL)
        assert field is not None, title
        position = [a.strip(' "\n') for a in field[1].split('",')].index(
            next(
                a
                for a in (x.strip(' "\n') for x in field[1].split('",'))
                if a.startswith(count.title)
            )
        )
        sent = re.findall(rf'"d{position}": "([^"]*)"', page)
        assert len(sent) == len(dorset.geography)
        assert [text == table.symbol for text in sent] == hidden.tolist()


def test_degrees_lead_back_to_where_they_came_from(dorset: Pack) -> None:
    shapes = dorset.geography.shapes[:20]
    back = pyproj.Transformer.from_crs(4326, 27700, always_xy=True)
    there = shapely.transform(to_degrees(shapes), lambda xy: np.column_stack(back.transform(*xy.T)))
    assert all(a.hausdorff_distance(b) < 2 for a, b in zip(shapes, there, strict=True))

"""Tables behind a zone sheet: parts of a whole, staff by role, what stands in a zone."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.table import Table
from analysis.tables import indicator_table
from analysis.tables_sheet import (
    LEADS,
    parts_table,
    sheet_tables,
    whereabouts,
)
from layers.measures import Measure, Measures
from layers.pack import Pack
from layers.read import read_pack
from layers.staffing import Post, Staffing
from layers.status import Status
from small_pack import add_more, write_small_pack


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """The small pack with bases and steps of need."""
    return read_pack(add_more(write_small_pack(tmp_path_factory.mktemp("full"))))


def row_of(table: Table | None, name: str) -> dict[str, str]:
    assert table is not None
    at = table.names.index(name)
    return {column.key: table.cell(column, at) for column in table.columns}


def with_leads(pack: Pack, counts: dict[str, list[float]]) -> Pack:
    measures: Measures = pack.measures
    for key, row in counts.items():
        described = Measure(
            key, key.title(), "children", "2017", "drawn", "illustrative", sensitive=True,
            group=LEADS,
        )  # fmt: skip
        measures = measures.joined(described, row)
    return replace(pack, measures=measures)


def test_steps_of_need_have_counts_and_shares_of_their_sum(full: Pack) -> None:
    table = sheet_tables(full.plan("zones"), full).levels
    assert row_of(table, "North") == {
        "open_cin": "30", "open_cin_share": "75.0", "open_cp": "10", "open_cp_share": "25.0",
        "all": "40",
    }  # fmt: skip
    assert table is not None
    assert [column.group for column in table.columns][::2] == ["3 In need", "4 On a plan", ""]


def test_lead_professionals_are_told_by_agency(small: Pack) -> None:
    pack = with_leads(small, {"school": [10.0] * 9, "health": [30.0] * 9})
    table = sheet_tables(pack.plan("zones"), pack).leads
    assert row_of(table, "South") == {
        "school": "30", "school_share": "25.0", "health": "90", "health_share": "75.0",
        "all": "120",
    }  # fmt: skip
    assert table is not None
    assert table.standing == "illustrative"


def test_a_small_agency_is_not_what_the_others_leave(small: Pack) -> None:
    few = [1.0, 1, 0, 10, 10, 10, 10, 10, 10]
    pack = with_leads(small, {"school": few, "health": [10.0] * 9, "other": [20.0] * 9})
    north = row_of(parts_table(
        pack.plan("zones").plan, pack, ["school", "health", "other"], what="area"
    ), "North")  # fmt: skip
    assert north["school"] == north["school_share"] == "c"
    # either another agency is hidden, or the whole is
    assert "c" in (north["health"], north["other"], north["all"])


def test_staff_stand_by_role_and_a_zone_without_posts_is_not_known(small: Pack) -> None:
    posts = tuple(
        Post("zones", zone, role, fte, "official", "drawn")
        for zone, role, fte in (
            ("North", "worker", 3),
            ("North", "manager", 1),
            ("South", "worker", 2),
        )
    )
    pack = replace(small, staffing=Staffing(posts))
    table = sheet_tables(pack.plan("zones"), pack).staff
    assert [row_of(table, z)["worker"] for z in ("North", "Middle", "South")] == ["3.0", "", "2.0"]
    assert row_of(table, "South")["manager"] == "0.0"
    assert row_of(table, "All zones")["worker"] == "5.0"
    assert row_of(table, "North")["cases_per_fte"] == "10.0"


def test_a_plan_without_staff_has_no_such_table(small: Pack) -> None:
    assert sheet_tables(small.plan("pyramids"), small).staff is None
    assert sheet_tables(small.plan("zones"), replace(small, staffing=None)).staff is None


def test_what_the_pack_lacks_is_none_and_not_empty(small: Pack) -> None:
    bare = replace(small, levels=(), incidents=None, schools=None, sites=None, zone_facts=())
    tables = sheet_tables(bare.plan("zones"), bare)
    assert (tables.levels, tables.leads, tables.incidents) == (None, None, None)
    where = whereabouts("North", bare.plan("zones"), bare)
    assert (where.fact, where.pyramids, where.sites) == (None, None, None)


def test_base_contact_schools_and_sites_are_those_of_the_zone(full: Pack) -> None:
    entry = full.plan("zones")
    found = {zone: whereabouts(zone, entry, full) for zone in entry.plan.zones}
    assert found["North"].fact is not None
    assert found["North"].fact.base == "Town Hall"
    assert found["Middle"].fact is None
    assert sum(where.schools for where in found.values()) == len(full.schools or ())
    assert sum(len(where.sites or ()) for where in found.values()) == len(full.sites or ())


def test_schools_stand_by_pyramid_and_tier_heads_first(dorset: Pack) -> None:
    (pyramid,) = whereabouts("Dorchester", dorset.plan("zones"), dorset).pyramids or ()
    assert pyramid.name == "Dorchester"
    assert [(tier, len(schools)) for tier, schools in pyramid.tiers] == [
        ("upper", 1), ("middle", 3), ("first", 12),
    ]  # fmt: skip


def test_every_indicator_stands_on_the_sheet(shipped: Pack) -> None:
    entry = shipped.plans[0]
    tables = sheet_tables(entry, shipped)
    card = [e.indicator.key for question in tables.card for e in question.entries]
    assert sorted(tables.of_card) == sorted(card)
    assert card
    plain = [told.indicator.key for told in tables.key_indicators]
    door = [measure.key for measure, _ in tables.door.measures]
    leads = [i.key for i in shipped.indicators if shipped.measures.measure(i.numerator).group]
    assert {*card, *plain, *door, *leads} >= {i.key for i in shipped.indicators}
    for key, told in tables.of_card.items():
        alone = indicator_table(
            entry.plan, shipped.indicator(key), shipped, what=entry.zone_word, benchmark=told.mark
        )
        assert np.array_equal(
            alone.column("value").values, told.table.column("value").values, equal_nan=True
        )


def test_a_sheet_of_other_tables_reads_those(small: Pack) -> None:
    tables = sheet_tables(small.plan("zones"), small)
    hidden = tuple(
        replace(
            table,
            columns=tuple(
                replace(
                    column,
                    values=np.full(len(column.values), np.nan),
                    status=np.full(len(column.status), Status.SUPPRESSED, dtype=np.int8),
                )
                for column in table.columns
            ),
        )
        for table in tables.tables
    )
    masked = tables.made_of(hidden)
    assert masked.tables == hidden
    cells = [t.cell(c, at) for t in masked.tables for c in t.columns for at in range(len(t.names))]
    assert set(cells) == {"c"}


def test_every_table_of_a_sheet_says_what_it_was_made_from(shipped: Pack) -> None:
    tables = sheet_tables(shipped.plans[0], shipped)
    assert all(table.basis is not None for table in tables.tables)
    assert tables.sources

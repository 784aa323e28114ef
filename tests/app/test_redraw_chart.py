"""Charts written once: the data join the form, under names that tell their content."""

import json

import altair as alt
import pandas as pd
from streamlit.testing.v1 import AppTest

from app.redraw.chart import form_of


def page(figure: float) -> None:
    """Show a bar of one figure."""
    import altair as alt  # noqa: PLC0415  the harness runs the source of this function alone
    import pandas as pd  # noqa: PLC0415

    from app.redraw.chart import form_of, show_form  # noqa: PLC0415

    chart = alt.layer(alt.Chart(alt.NamedData("bars")).mark_bar().encode(x="a:Q"))
    show_form(form_of(chart), {"bars": pd.DataFrame({"a": [figure]})}, width="stretch")


def _sent(figure: float) -> tuple[str, str, bytes]:
    app = AppTest.from_function(page, args=(figure,)).run()
    assert not app.exception
    proto = app.main[0].proto
    (dataset,) = proto.datasets
    return proto.spec, dataset.name, dataset.data.data


def test_the_form_refers_to_the_data_that_come_with_it() -> None:
    spec, name, data = _sent(1.0)
    assert name in spec
    assert '"bars"' not in spec
    assert data


def test_other_figures_have_another_name_so_that_the_chart_is_drawn_anew() -> None:
    one, again, other = _sent(1.0), _sent(1.0), _sent(2.0)
    assert one[1] == again[1]
    assert one[1] != other[1]


def test_a_form_differs_from_the_whole_chart_in_its_data_only() -> None:
    frame = pd.DataFrame({"a": [1.0], "b": [2.0]})
    whole, form = (
        alt.layer(alt.Chart(data).mark_bar().encode(x="a:Q", y="b:Q", tooltip=["a:Q"]))
        for data in (frame, alt.NamedData("bars"))
    )
    left, right = whole.to_dict(), json.loads(form_of(form))
    for spec in (left, right):
        for name in ("data", "datasets", "config"):
            spec.pop(name, None)
            spec["layer"][0].pop(name, None)
    assert left == right

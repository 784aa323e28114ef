"""The command line: `zonewright app`, `zonewright packs`, `zonewright summary`."""

import json
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal

import click

from geo.errors import ZonewrightError

Staff = Literal["stays", "follows"]
APP = Path(__file__).resolve().parent / "streamlit_app.py"


class _Refusing(click.Group):
    """A group that shows a refusal as its one message, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ZonewrightError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Refusing)
@click.version_option(package_name="zonewright")
def main() -> None:
    """Plan service zones: map them, count need in them, and see what a redraw does."""


@main.command()
@click.option("--port", type=int, default=8501, show_default=True, help="Where to serve it.")
@click.option("--no-browser", is_flag=True, help="Serve it without opening a browser.")
def app(port: int, *, no_browser: bool) -> None:
    """Open the app in the browser."""
    from streamlit.web.cli import main as streamlit  # noqa: PLC0415  the other commands need it not

    threading.Thread(target=_warm_up, daemon=True).start()
    words = ["run", str(APP), "--server.port", str(port), "--server.showEmailPrompt", "false"]
    words += ["--server.headless", "true"] if no_browser else []
    streamlit(words, prog_name="streamlit")


@main.command()
def packs() -> None:
    """List the packs that can be opened."""
    from layers.catalogue import list_packs  # noqa: PLC0415  `app` need not wait for geopandas

    for entry in list_packs():
        click.echo(f"{entry.key}\t{entry.fault or entry.name}\t{entry.folder}")


@main.command()
@click.argument("pack")
@click.option(
    "--plan",
    metavar="KEY|FILE",
    default=None,
    help="A plan of the pack by its key, or a lookup CSV (unit, zone). The pack's own by default.",
)
@click.option(
    "--baseline",
    metavar="KEY",
    default=None,
    help="The pack's plan that --plan redraws: it gives the staff. Found by its zones.",
)
@click.option(
    "--staff",
    type=click.Choice(["stays", "follows"]),
    default="stays",
    show_default=True,
    help="What FTE does where units move: stay with its zone, or follow the open cases.",
)
@click.option(
    "--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True
)
@click.option(
    "--table",
    type=click.Choice(["zones", "equity"]),
    default="zones",
    show_default=True,
    help="One row a zone, or one row for the whole plan. JSON holds both.",
)
def summary(  # noqa: PLR0917  one option a parameter, as click hands them over
    pack: str, plan: str | None, baseline: str | None, staff: Staff, form: str, table: str
) -> None:
    """Print a table per zone of PACK, as the Redraw page shows it."""
    from analysis.scenario import evaluate, redrawing  # noqa: PLC0415  as above
    from analysis.tables import plan_table, zone_table  # noqa: PLC0415
    from geo.read import read_lookup  # noqa: PLC0415
    from layers.catalogue import open_pack  # noqa: PLC0415

    opened = open_pack(pack)
    keys = [entry.key for entry in opened.plans]
    if plan is None or plan in keys:
        entry = opened.plan(plan or opened.default_plan)
        scenario = redrawing(opened, entry.plan, baseline=baseline or entry.key, key=entry.key)
    else:
        lookup = read_lookup(Path(plan), units=opened.geography.units)
        scenario = redrawing(opened, lookup, baseline=baseline, key=Path(plan).stem)
    scenario = replace(scenario, staff=staff)
    result = evaluate(scenario, opened)
    zones, equity = zone_table(result, opened), plan_table(result, opened)
    about = {
        "authority": opened.authority.name,
        "plan": scenario.key,
        "baseline": scenario.baseline.key,
        "staff": scenario.staff,
        "fingerprint": scenario.plan.fingerprint,
    }
    if form == "json":
        content: dict[str, object] = {**about, "figures": zones.standing, "source": zones.source}
        content |= {"zones": zones.to_records(), "equity": equity.to_records()[0]}
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
    else:
        text = zones.to_csv(**about) if table == "zones" else equity.to_csv(**_but_name(about))
        click.echo(text, nl=False)


def _but_name(about: dict[str, str]) -> dict[str, str]:
    """Leave out the fingerprint, which names the one row of the equity table already."""
    return {key: value for key, value in about.items() if key != "fingerprint"}


def _warm_up() -> None:
    """Load what the first page needs while the server and the browser start.

    Nothing of `app` may be among it: a component that is declared before the server is there is
    never served.
    """
    import folium.plugins  # noqa: F401, PLC0415

    import analysis.tables  # noqa: F401, PLC0415
    from layers.catalogue import list_packs, open_pack  # noqa: PLC0415

    with suppress(ZonewrightError):  # whatever is wrong, the page itself says it to the person
        open_pack(next(entry.key for entry in list_packs() if not entry.fault))


if __name__ == "__main__":
    main()

"""The command line: open the app, fetch, build and check packs, print figures."""

import json
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from geo.errors import ZonewrightError

if TYPE_CHECKING:
    from analysis.table import Table
    from layers.read.recognise import Found

Staff = Literal["stays", "follows"]
Rule = Literal["dfe", "nhs"]
Remedy = Literal["withhold", "round"]
Vintage = Literal["2011", "2021"]
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
@click.option(
    "--remedy",
    type=click.Choice(["withhold", "round"]),
    default=None,
    help="What to do where the figures would give small sets away; refuse them by default.",
)
def summary(  # noqa: PLR0917  one option a parameter, as click hands them over
    pack: str,
    plan: str | None,
    baseline: str | None,
    staff: Staff,
    form: str,
    table: str,
    remedy: Remedy | None,
) -> None:
    """Print a table per zone of PACK, as the Redraw page shows it, and enter it as a release.

    What is printed is out: it is checked beside all earlier releases and entered in the register
    (see `zonewright releases`). Figures that would give small sets away are refused.
    """
    from analysis.assumptions import Assumptions  # noqa: PLC0415
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
    scenario = replace(scenario, assumptions=Assumptions(staff=staff))
    result = evaluate(scenario, opened)
    wanted = [zone_table(result, opened), plan_table(result, opened)]
    printed = wanted if form == "json" else wanted[:1] if table == "zones" else wanted[1:]
    left = _released(printed, name=f"Summary of {scenario.key} ({form}, {table})", mend=remedy)
    about = {
        "authority": opened.authority.name,
        "plan": scenario.key,
        "baseline": scenario.baseline.key,
        "staff": scenario.staff,
        "fingerprint": scenario.plan.fingerprint,
    }
    if form == "json":
        zones, equity = left
        content: dict[str, object] = {**about, "figures": zones.standing, "source": zones.source}
        content |= {"zones": zones.to_records(), "equity": equity.to_records()[0]}
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
    else:
        click.echo(left[0].to_csv(**(about if table == "zones" else _but_name(about))), nl=False)


@main.command()
@click.argument("pack")
def releases(pack: str) -> None:
    """List what was released of PACK: number, when, who, what, plans, measures, hash."""
    from layers.catalogue import open_pack  # noqa: PLC0415  `app` need not wait for geopandas
    from store.register import read_register  # noqa: PLC0415

    kept = read_register(open_pack(pack).authority.key)
    for note in kept.notes:
        click.echo(note, err=True)
    for entry in kept.entries:
        plans = dict.fromkeys(release.plan.fingerprint for release in entry.releases)
        keys = dict.fromkeys(told.key for release in entry.releases for told in release.told)
        words = (str(entry.number), entry.when, entry.who, entry.title)
        click.echo("\t".join((*words, " ".join(plans), " ".join(keys), entry.hash)))


@main.group(cls=_Refusing)
def scenarios() -> None:
    """List the scenarios of Redraw, show what happened to one, export and import them."""


@scenarios.command("list")
@click.argument("pack", required=False)
@click.option("--archived", is_flag=True, help="List those that were put away too.")
def list_scenarios(pack: str | None, *, archived: bool) -> None:
    """List scenarios, of PACK or all: id, authority, vintage, title, steps, last change."""
    from layers.catalogue import open_pack  # noqa: PLC0415  `app` need not wait for it
    from store.scenarios import open_store  # noqa: PLC0415

    authority = open_pack(pack).authority.key if pack else None
    for entry in open_store().scenarios(authority, archived=archived):
        words = (entry.id, entry.authority, entry.vintage, entry.title, str(entry.seq))
        click.echo("\t".join((*words, entry.changed, entry.changed_by)))


@scenarios.command()
@click.argument("scenario")
def log(scenario: str) -> None:
    """Show what happened to SCENARIO: step, when, who, what."""
    from store.log import one_line  # noqa: PLC0415  `app` need not wait for it
    from store.scenarios import open_store  # noqa: PLC0415

    saved = open_store().load(scenario)
    for note in saved.notes:
        click.echo(note, err=True)
    for entry in saved.log:
        click.echo("\t".join((str(entry.seq), entry.when, entry.who, one_line(entry.title))))


@scenarios.command()
@click.argument("scenario")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=None,
    metavar="FILE",
    help="Write it here; printed by default.",
)
def export(scenario: str, out: Path | None) -> None:
    """Give SCENARIO with all its history as one JSON file."""
    from store.scenarios import open_store  # noqa: PLC0415  `app` need not wait for it
    from store.transfer import export_scenario  # noqa: PLC0415

    data = export_scenario(open_store(), scenario)
    if out is None:
        click.echo(data.decode(), nl=False)
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written ({error.strerror}).") from error


@scenarios.command("import")
@click.argument("file", type=click.Path(path_type=Path))
def import_(file: Path) -> None:
    """Keep the scenario that FILE holds, with its history."""
    from store.folder import user_name  # noqa: PLC0415  `app` need not wait for it
    from store.scenarios import open_store  # noqa: PLC0415
    from store.transfer import import_scenario  # noqa: PLC0415

    try:
        data = file.read_bytes()
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read ({error.strerror}).") from error
    imported = import_scenario(open_store(), data, who=user_name())
    click.echo(imported.note, err=True)
    click.echo(f"{imported.id}\t{imported.title}")


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--authority",
    required=True,
    metavar="NAME|CODES",
    help="A district's name, or codes of districts separated by commas (E06000059).",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The pack's folder.")
@click.option(
    "--name", default="", help="What the authority is called; as in the files by default."
)
@click.option("--zone-word", default="", help="Its own word for one zone: locality, team area.")
@click.option("--default-plan", default="", metavar="KEY", help="The plan that pages open on.")
@click.option(
    "--vintage",
    type=click.Choice(["2021", "2011"]),
    default=None,
    help="Of the small areas; 2021 by default where their boundaries are there.",
)
@click.option(
    "--disclosure",
    type=click.Choice(["dfe", "nhs"]),
    default="dfe",
    show_default=True,
    help="Which small counts are hidden: 1-5, or 1-7 with the others rounded to 5.",
)
@click.option("--overwrite", is_flag=True, help="Lose changes made by hand to the built files.")
@click.option(
    "--rejected",
    type=click.Path(path_type=Path),
    default=None,
    metavar="FILE",
    help="Write the rejected rows here: source, file, line and reason, as CSV.",
)
def build(  # noqa: PLR0917  one option a parameter, as click hands them over
    folder: Path,
    authority: str,
    out: Path,
    name: str,
    zone_word: str,
    default_plan: str,
    vintage: Vintage | None,
    disclosure: Rule,
    *,
    overwrite: bool,
    rejected: Path | None,
) -> None:
    """Build a pack from the files in FOLDER, or say what is wrong with them."""
    from geo.write import ledger_csv  # noqa: PLC0415  `app` need not wait for it
    from layers.build import Options, build_pack  # noqa: PLC0415
    from layers.check import check_pack  # noqa: PLC0415

    options = Options(
        name=name,
        zone_word=zone_word,
        default_plan=default_plan,
        vintage=vintage or "",
        disclosure=disclosure,
        overwrite=overwrite,
    )
    built = build_pack(
        folder,
        authority=authority,
        out=out,
        options=options,
        progress=_draw_step,
        show=lambda found: _say("Files", [_recognised(entry) for entry in found]),
    )
    _say("Rows", [f"{ledger.source}: {ledger}" for ledger in built.ledgers])
    _say("To know", built.notes)
    report = check_pack(built.pack, today=_today())
    _say("To look at", [f"{f.subject}: {f.text}" for f in (*report.faults, *report.warnings)])
    if not built.replaced.is_new:
        _say("Changes", built.replaced.changes or ["nothing has changed"])
    _say("Kept as they were", built.replaced.kept)
    if rejected is not None:
        try:
            rejected.write_text(ledger_csv(built.ledgers), encoding="utf-8-sig", newline="")
        except OSError as error:
            raise click.ClickException(
                f"{rejected} cannot be written ({error.strerror}); the pack was built."
            ) from error
        click.echo(f"Rejected rows: {rejected}")
    plans = ", ".join(entry.key for entry in built.pack.plans)
    click.echo(f"Built {out}: {len(built.pack.geography)} small areas, plans {plans}.")
    if not report.is_sound:
        raise click.ClickException("The pack has faults: see above, or `zonewright check`.")


@main.command()
@click.argument("pack")
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    default=None,
    help="The day to reckon the age of sources from; today by default.",
)
def check(pack: str, today: datetime | None) -> None:
    """Check PACK: boundaries, codes, plans, counts, totals, rows and the age of sources."""
    from layers.build.folder import changed_by_hand  # noqa: PLC0415  `app` need not wait for it
    from layers.catalogue import open_pack  # noqa: PLC0415
    from layers.check import check_pack  # noqa: PLC0415

    opened = open_pack(pack)
    report = check_pack(opened, today=today.date() if today else _today())
    for name in changed_by_hand(opened.folder):
        click.echo(f"LOOK AT {name}: it was changed by hand, or is gone, since it was built.")
    click.echo(str(report))
    if not report.is_sound:
        raise click.ClickException(f"{report.pack} has faults.")


@main.command()
@click.argument("codes", nargs=-1, required=True, metavar="CODE...")
@click.option(
    "--what",
    default="boundaries,lookups",
    show_default=True,
    help="Kinds, with commas: boundaries, lookups, asb, schools, deprivation, population, nomis.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to fill.")
@click.option("--vintage", type=click.Choice(["2011", "2021"]), default="2021", show_default=True)
@click.option("--months", default="", help="Of asb, as 2025-01,2025-02. The newest by default.")
@click.option(
    "--addresses",
    type=click.Path(path_type=Path),
    default=None,
    help="Your own addresses, over those that ship. Else ZONEWRIGHT_ADDRESSES.",
)
@click.option("--refresh", is_flag=True, help="Fetch anew what is here already.")
def fetch(  # noqa: PLR0917  one option a parameter, as click hands them over
    codes: tuple[str, ...],
    what: str,
    out: Path,
    vintage: str,
    months: str,
    addresses: Path | None,
    *,
    refresh: bool,
) -> None:
    """Fetch public data about the authorities with these ONS CODEs (E06000059)."""
    from layers.fetch import Wanted, read_addresses  # noqa: PLC0415  `app` need not wait for it
    from layers.fetch import fetch as fetch_data  # noqa: PLC0415

    wanted = Wanted(
        codes,
        what=tuple(filter(None, what.replace(" ", "").split(","))),  # type: ignore[arg-type]
        vintage=vintage,  # type: ignore[arg-type]  # Wanted checks both
        months=tuple(filter(None, months.replace(" ", "").split(","))),
    )
    result = fetch_data(
        wanted, out, addresses=read_addresses(addresses), refresh=refresh, progress=_draw
    )
    click.echo(f"{len(result.fetched)} files fetched, {len(result.kept)} here already: {out}")
    for note in result.notes:
        click.echo(note)


def _released(tables: "Sequence[Table]", *, name: str, mend: Remedy | None) -> "tuple[Table, ...]":
    """Enter tables in the register and give them as they may leave, or refuse them with a list."""
    from analysis.leaving import prepare, told_in_words, ways_out  # noqa: PLC0415  as elsewhere
    from store.register import open_register, user_name  # noqa: PLC0415

    basis = tables[0].basis
    if basis is None:
        raise AssertionError(name)  # both tables have one
    who, when = user_name(), datetime.now().astimezone().isoformat(timespec="seconds")
    with open_register(basis.authority) as desk:
        register = desk.kept.register(basis.measures.units)
        leave = prepare(tables, register, who=who, when=when, name=name, mend=mend)
        if leave.safe:
            left = tuple(leave.masked(table) for table in tables)
            if leave.new:
                desk.enter(leave.new, left, who=who, when=when, title=name)
            return left
    neighbours = basis.geography.neighbours if basis.geography else None
    ways = ways_out(leave, register, basis.measures, neighbours=neighbours)
    for measure, units, before, now, why in told_in_words(leave.failures, {}, basis.measures):
        click.echo(f"{measure}: {units}, from {before} to {now}. {why}", err=True)
    for way in ways:
        click.echo(f"{way.kind}: {way.text}", err=True)
    raise click.ClickException(
        "The figures would give small sets away beside earlier releases; nothing was released. "
        "See the sets and what would make it safe above, or --remedy."
    )


def _draw(step: str, done: int, total: int) -> None:
    """Show how far a file has come: a line that renews itself, ended when the file is here."""
    share = f"{done / total:4.0%}" if total else "    "
    ended = (done, total) == (1, 1)
    if ended or sys.stderr.isatty():
        click.echo(f"\r{share} {step}", nl=ended, err=True)


def _draw_step(step: str, done: int, total: int) -> None:
    """Show which step of a build is being done."""
    click.echo(f"[{done + 1}/{total}] {step} ...", err=True)


def _recognised(entry: "Found") -> str:
    if not entry.kind and entry.detail.startswith("left alone"):
        return f"{entry.file.name}: {entry.detail}"
    what = entry.kind.title if entry.kind else "not recognised"
    return f"{entry.file.name}: {what}" + (f" ({entry.detail})" if entry.detail else "")


def _say(heading: str, lines: Sequence[str]) -> None:
    """Print a list under its heading, nothing for an empty one."""
    if lines:
        click.echo("\n".join([heading, *(f"  {line}" for line in lines), ""]))


def _today() -> date:
    return datetime.now().astimezone().date()


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

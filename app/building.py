"""Build a pack from the files that were brought: choices, progress, faults, what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Literal

import streamlit as st

from app.account import show_account
from app.choices import opened, plain
from app.listing import show_listing
from app.uploads import OURS, Brought, forget_files
from geo.errors import WriteError, ZonewrightError
from layers.build import BuildError, Built, Options, build_pack
from layers.build.plans import slug
from layers.cases import CaseMapping
from layers.catalogue import PACKS_VARIABLE, Entry, list_packs, packs_folder
from layers.pack import Rule
from layers.read import SETTINGS
from layers.read.recognise import Found

Vintage = Literal["", "2011", "2021"]
TO_DO = "What is wrong, and what to do"
MADE = f"{OURS}made"
RULES: Mapping[Rule, str] = {
    "dfe": "DfE: 1 to 5 are hidden",
    "nhs": "NHS: 1 to 7 are hidden, others to the nearest 5",
}
VINTAGES: Mapping[Vintage, str] = {
    "": "The latest that has boundaries",
    "2021": "2021",
    "2011": "2011",
}


@dataclass(frozen=True)
class Wanted:
    """What is to be built, and where it goes."""

    authority: str
    folder: Path
    options: Options


@dataclass(frozen=True)
class Made:
    """What a build came to: where the pack is, what is new, which uploads were forgotten."""

    folder: Path
    name: str
    is_new: bool
    changes: tuple[str, ...]
    kept: tuple[str, ...]
    forgotten: tuple[str, ...]


def choose_build(
    found: Sequence[Found],
    districts: Sequence[str],
    counts: Mapping[str, Mapping[str, str]],
    cases: Mapping[str, CaseMapping],
) -> Wanted | None:
    """Ask whom the pack is about and where it goes; None until that is told."""
    left, right = st.columns(2)
    authority = left.selectbox(
        "Authority of the pack", districts, index=None, key=f"{OURS}authority",
        accept_new_options=True,
        placeholder="Choose, or write a name or codes such as E06000059",
        help="A district as the files name it, or codes separated by commas.",
    )  # fmt: skip
    name = right.text_input(
        "Name on screen", key=f"{OURS}name", placeholder="As the files have it"
    ).strip()
    home = left.text_input(
        "Keep packs in", value=str(packs_folder()), key=f"{OURS}home",
        help="A folder on this computer. Each pack is a folder in it.",
    )  # fmt: skip
    word = right.text_input(
        "Your word for one zone", key=f"{OURS}word", placeholder="zone, locality, area …"
    ).strip()
    key = slug(name or authority or "")
    options = Options(name=name, zone_word=word, key=key, counts=counts, cases=cases)
    with st.expander("More choices"):
        options = _more_choices(found, options)
    if not authority or not home.strip():
        st.caption("Say whom the pack is about, and where to keep it.")
        return None
    folder = Path(home.strip().strip('"')).expanduser() / key
    st.caption(f"It will stand in {plain(str(folder))}.{_standing(folder)}")
    return Wanted(authority, folder, options)


def _standing(folder: Path) -> str:
    """Say what a pack in `folder` would take the place of."""
    if (folder / SETTINGS).is_file():
        return " The pack that is there is built anew from these files; bring all of them."
    shipped = any(entry.key == folder.name for entry in list_packs())
    return " The app will show it in place of the pack of that name." if shipped else ""


def _more_choices(found: Sequence[Found], options: Options) -> Options:
    one, two, three = st.columns(3)
    plans = [slug(PurePath(f.file.name).stem) for f in found if f.kind and f.kind.key == "lookup"]
    plan = one.selectbox(
        "Open on the plan", [*plans, "wards", "pyramids"], index=None, key=f"{OURS}plan",
        accept_new_options=True, placeholder="Your own zones, else wards",
    )  # fmt: skip
    vintage = two.selectbox(
        "Small areas of", VINTAGES, format_func=VINTAGES.__getitem__, key=f"{OURS}vintage"
    )
    rule = three.selectbox("Small counts", RULES, format_func=RULES.__getitem__, key=f"{OURS}rule")
    overwrite = st.checkbox(
        "Lose changes that were made by hand to files of the last build", key=f"{OURS}overwrite"
    )
    return replace(
        options, default_plan=plan or "", vintage=vintage, disclosure=rule, overwrite=overwrite
    )


def build(wanted: Wanted, brought: Brought, found: Sequence[Found]) -> None:
    """Build the pack with its steps on screen, or say all that is wrong with the files."""
    st.session_state.pop(MADE, None)
    try:
        with st.status("Building …", expanded=True) as status:
            bar = st.progress(0.0)

            def tell(step: str, done: int, steps: int) -> None:
                bar.progress(done / steps, text=f"{step} ({done + 1} of {steps})")
                status.update(label=f"{step} …")

            built = build_pack(
                brought.source, authority=wanted.authority, out=wanted.folder,
                options=wanted.options, progress=tell,
            )  # fmt: skip
            bar.progress(1.0, text="Done")
    except BuildError as refusal:
        _show_faults(refusal.faults)
        return
    except ZonewrightError as refusal:
        _show_refusal(refusal)
        return
    st.session_state[MADE] = _made(built, wanted, _forget_cases(wanted, found))
    st.rerun()  # the sidebar lists the new pack


def show_made() -> None:
    """Show what the last build of this visit came to, with its account."""
    made: Made | None = st.session_state.get(MADE)
    if made is None:
        return
    st.header(f"{plain(made.name)} is built" if made.is_new else f"{plain(made.name)} is renewed")
    _show_changes(made)
    entries = {entry.folder: entry for entry in list_packs()}
    entry = entries.get(made.folder)
    if entry is None:
        st.info(
            f"It stands in {plain(str(made.folder))}, which the app does not look in. To open it, "
            f"start Zonewright with the environment variable {PACKS_VARIABLE} set to "
            f"{plain(str(made.folder.parent))}."
        )
        entry = Entry(str(made.folder), made.name, made.folder)
    elif st.button(
        "Open it on the Zone map", type="primary", icon=":material/map:", key=f"{OURS}open",
        on_click=_choose, args=(entry.key,),
    ):  # fmt: skip
        st.switch_page("app/pages/zone_map.py")
    show_account(opened(entry), key=f"{OURS}account")


def _made(built: Built, wanted: Wanted, forgotten: tuple[str, ...]) -> Made:
    replaced = built.replaced
    return Made(
        wanted.folder.resolve(), built.pack.authority.name, replaced.is_new, replaced.changes,
        replaced.kept, forgotten,
    )  # fmt: skip


def _forget_cases(wanted: Wanted, found: Sequence[Found]) -> tuple[str, ...]:
    """Let go of the uploads that hold case lists; the pack has their counts."""
    lists = [
        entry.file.name
        for entry in found
        if (entry.kind and entry.kind.key.startswith("ssd_"))
        or PurePath(entry.file.name).name in wanted.options.cases
    ]
    return forget_files(lists)


def _show_changes(made: Made) -> None:
    where = plain(str(made.folder))
    if made.is_new:
        st.success(f"It stands in {where}.", icon=":material/check_circle:")
    elif made.changes:
        st.success(f"What changed in {where}:", icon=":material/check_circle:")
        show_listing(
            ("Change",), [(line,) for line in made.changes], caption="What changed", height=260
        )
    else:
        st.success(f"Nothing changed in {where}: the files say the same as before.")
    if made.kept:
        st.caption(f"Carried over, as put there by hand: {plain(', '.join(made.kept))}.")
    if made.forgotten:
        st.caption(
            f"Case lists are forgotten now: {plain(', '.join(made.forgotten))}. Bring them again "
            "to build again with them."
        )


def _show_faults(faults: Sequence[str]) -> None:
    count = "One thing is" if len(faults) == 1 else f"{len(faults)} things are"
    st.error(f"{count} wrong, and nothing was built.", icon=":material/block:")
    rows = [(str(number), fault) for number, fault in enumerate(faults, start=1)]
    show_listing(("No.", TO_DO), rows, caption=TO_DO)


def _show_refusal(refusal: ZonewrightError) -> None:
    hint = ""
    if isinstance(refusal, WriteError) and "--overwrite" in refusal.remedy:
        hint = " Here that is under 'More choices'."
    st.error(plain(f"Nothing was built. {refusal}{hint}"), icon=":material/block:")


def _choose(key: str) -> None:
    """Make a pack the one that every page is about; a plan of another one does not go with it."""
    st.session_state["pack"] = st.session_state["kept-pack"] = key
    for name in ("plan", "shade"):
        st.query_params.pop(name, None)

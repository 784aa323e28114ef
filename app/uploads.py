"""The files that a person brings: uploads kept in memory, or a folder on this computer.

An upload may be a list of children. It is taken out of Streamlit's own store as soon as it has
come, lives in this person's session alone, and enters no cache, no log and no disk. It is gone
when the page is left or the person says so; case lists are gone when a pack has been built.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from geo.read.file import File

Value = TypeVar("Value")
MOST_UPLOAD_MB = 500
UPLOAD, FOLDER = "Upload files", "A folder on this computer"
OURS = "data-"
"""What the names of everything begin with that this page keeps in the session."""

_FILES, _SERIAL, _WHERE, _FOLDER = (f"{OURS}{name}" for name in ("files", "serial", "where", "dir"))


@dataclass(frozen=True)
class Brought:
    """Where files are, and a text that differs when they do."""

    source: tuple[File, ...] | Path
    token: str


def choose_files() -> Brought | None:
    """Ask for files or a folder, and give what there is; None as long as there is nothing."""
    where = st.radio("Where are the files?", [UPLOAD, FOLDER], horizontal=True, key=_WHERE)
    return _choose_folder() if where == FOLDER else _choose_uploads()


def kept(name: str, token: str, make: Callable[[], Value]) -> Value:
    """Give what was made before for the same files, or make it and keep it in the session."""
    held = st.session_state.get(f"{OURS}{name}")
    if held is None or held[0] != token:
        held = (token, make())
        st.session_state[f"{OURS}{name}"] = held
    value: Value = held[1]
    return value


def forget() -> None:
    """Let go of every file, and of everything that was worked out from them."""
    serial = _serial() + 1
    for name in [name for name in st.session_state if str(name).startswith(OURS)]:
        del st.session_state[name]
    st.session_state[_SERIAL] = serial


def forget_files(names: Iterable[str]) -> tuple[str, ...]:
    """Let go of those of the uploads that bear one of `names`, and tell which they were."""
    held: dict[str, File] = st.session_state.get(_FILES, {})
    gone = tuple(name for name in dict.fromkeys(names) if name in held)
    for name in gone:
        del held[name]  # in place: Streamlit keeps the value before a change until the next run
    if gone:
        _look_again()
    return gone


def _choose_uploads() -> Brought | None:
    key = f"{OURS}upload-{_serial()}"
    st.file_uploader(
        "Drop all files here, several at once",
        accept_multiple_files=True,
        key=key,
        on_change=_take,
        args=(key,),
        max_upload_size=MOST_UPLOAD_MB,
        help=f"CSV, Excel, GeoPackage, GeoJSON, shapefile (zipped) or a zip of these, whatever "
        f"they are called. What is larger than {MOST_UPLOAD_MB} MB is not taken: name its folder.",
    )
    st.caption(
        "Files stay in this computer's memory. They are forgotten when you leave this page, and "
        "case lists when the pack has been built: a pack holds counts and no child."
    )
    held: dict[str, File] = st.session_state.get(_FILES, {})
    if not held:
        return None
    _forget_button()
    return Brought(tuple(held.values()), f"{_serial()}-{len(held)}")


def _choose_folder() -> Brought | None:
    written = st.text_input(
        "Folder or zip",
        key=_FOLDER,
        help="Its whole path, such as C:\\Users\\me\\Downloads\\planning. Folders in it are read "
        "too. For downloads that are too large to upload; nothing in it is changed.",
    )
    path = written.strip().strip('"')  # Windows copies a path with quotes
    if not path:
        return None
    with st.container(horizontal=True):
        st.button("Look again", on_click=_look_again, icon=":material/refresh:")
        _forget_button()
    return Brought(Path(path).expanduser(), f"{_serial()}-{path}")


def _forget_button() -> None:
    st.button("Forget these files", on_click=forget, icon=":material/delete:", key=f"{OURS}forget")


def _take(key: str) -> None:
    """Take uploads over and empty the box: one of a name that is here already replaces it."""
    held: dict[str, File] = dict(st.session_state.get(_FILES, {}))
    for upload in st.session_state[key]:
        held[upload.name] = File.from_bytes(upload.name, upload.getvalue())
        _drop_from_store(upload.file_id)
    st.session_state[_FILES] = held
    _look_again()


def _drop_from_store(file_id: str) -> None:
    """Delete Streamlit's own copy, which it would keep until the session ends."""
    context = get_script_run_ctx()
    if context and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, file_id)


def _look_again() -> None:
    """Have everything worked out anew, and let go of what refers to files that may be gone."""
    st.session_state.pop(f"{OURS}found", None)
    st.session_state[_SERIAL] = _serial() + 1


def _serial() -> int:
    return int(st.session_state.get(_SERIAL, 0))

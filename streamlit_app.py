"""The frame that Streamlit runs: page settings, navigation, run. No logic."""

from app.frame import run

run()

"""Printing: the style of a sheet on paper, and a sheet as one file that needs no network."""

import html

SHEET_STYLE = """
.zw-sheet { color: #16202a; font: 14px/1.35 "Source Sans Pro", "Segoe UI", Arial, sans-serif;
  max-width: 1180px; }
.zw-sheet h1, .zw-sheet h2, .zw-sheet h3, .zw-sheet p, .zw-sheet ul { margin: 0; padding: 0; }
.zw-sheet :is(p, dl, dt, dd, ul, li) { font-size: inherit; line-height: inherit; }
.zw-sheet h1.sheet { font-size: 1.6rem !important; line-height: 1.2; }
.zw-sheet h2 .mark { font-size: .72em; vertical-align: .1em; }
.zw-sheet h2 { font-size: 1.02rem !important; border-bottom: 2px solid #16202a; line-height: 1.35;
  padding: 0 !important; margin: 0 0 .25rem 0 !important; }
.zw-sheet h3 { font-size: .9rem !important; padding: .25rem 0 0 0 !important; color: #37424d; }
.zw-sheet .of { color: #46525e; margin-bottom: .5rem; }
.zw-sheet .mark { display: inline-block; padding: 0 .45rem; border-radius: .75rem; font-weight: 600;
  font-size: .8em; border: 1px solid #8a5a00; color: #5c3b00; background: #fff3d6; }
.zw-sheet .mark.real { border-color: #1f6f43; color: #11472a; background: #e3f4ea; }
.zw-sheet .grid { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr));
  gap: .8rem 1.1rem; }
.zw-sheet section { grid-column: span 3; break-inside: avoid; min-width: 0; }
.zw-sheet section.whole { grid-column: 1 / -1; }
.zw-sheet img.map { width: 100%; height: auto; display: block; border: 1px solid #d5dbe1; }
.zw-sheet dl { display: grid; grid-template-columns: max-content 1fr; gap: .05rem .7rem;
  margin: 0 0 .3rem 0; padding: 0 !important; }
.zw-sheet dt { font-weight: 600; } .zw-sheet dd { margin: 0; }
.zw-sheet .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(6.2rem, 1fr));
  gap: .3rem; margin-bottom: .35rem; }
.zw-sheet .card { border: 1px solid #d5dbe1; border-radius: .3rem; padding: .15rem .45rem; }
.zw-sheet .card b { display: block; font-size: 1.12em; }
.zw-sheet .card span, .zw-sheet .small { font-size: .84em; color: #46525e; }
.zw-sheet table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums;
  font-size: .9em; margin: 0; }
.zw-sheet caption { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; }
.zw-sheet th, .zw-sheet td { text-align: right; padding: .1rem .35rem; vertical-align: top;
  border: 0; border-bottom: 1px solid #e4e9ee; font-weight: 400; }
.zw-sheet thead th { color: #46525e; border-bottom: 1px solid #8d99a5; font-size: .9em; }
.zw-sheet th.text, .zw-sheet td.text { text-align: left; }
.zw-sheet tbody th { font-weight: 600; }
.zw-sheet td.bar { width: 26%; padding: .1rem 0; }
.zw-sheet .track { position: relative; display: block; height: .85em; margin-top: .25em;
  background: #f2f5f8; }
.zw-sheet .track i { position: absolute; left: 0; top: 0; bottom: 0; background: #5aa9d6; }
.zw-sheet .track u { position: absolute; top: -.15em; bottom: -.15em; width: 0;
  border-left: 2px solid #16202a; }
.zw-sheet .better { color: #0b5394; font-weight: 700; }
.zw-sheet .worse { color: #a34700; font-weight: 700; }
.zw-sheet ul.months { display: grid; grid-template-columns: repeat(12, minmax(0, 1fr)); gap: .2rem;
  list-style: none; padding: 0 !important; margin: 0 !important; text-align: center;
  font-size: .8em; }
.zw-sheet ul.months li { margin: 0; } .zw-sheet ul.months b, .zw-sheet ul.months span,
.zw-sheet ul.months i { display: block; }
.zw-sheet ul.months i { position: relative; height: 3.2rem; background: #f2f5f8; }
.zw-sheet ul.months u { position: absolute; left: 0; right: 0; bottom: 0; background: #5aa9d6; }
.zw-sheet .three { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 1rem; }
.zw-sheet .three .small { white-space: nowrap; } .zw-sheet .three th .small { white-space: normal; }
.zw-sheet th.out { font-style: italic; color: #46525e; font-weight: 400; }
.zw-sheet .foot { margin-top: .3rem !important;
  font-size: .76em; color: #46525e; }
@media (max-width: 900px) {
  .zw-sheet section { grid-column: 1 / -1; }
  .zw-sheet .three { grid-template-columns: 1fr; }
}
@media print {
  @page { size: A4 portrait; margin: 7mm 8mm; }
  .zw-sheet { font-size: 6.9pt; line-height: 1.15; max-width: none; width: 194mm;
    print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .zw-sheet h1.sheet { font-size: 14pt !important; }
  .zw-sheet h2 { font-size: 8.6pt !important; margin: 0 0 .6mm 0 !important; }
  .zw-sheet h3 { font-size: 7.6pt !important; padding-top: .6mm !important; }
  .zw-sheet section { grid-column: span 3; }
  .zw-sheet section.whole { grid-column: 1 / -1; }
  .zw-sheet .three { gap: 3mm; grid-template-columns: repeat(3, minmax(0, 1fr)); }
  .zw-sheet .grid { gap: 1.3mm 4mm; } .zw-sheet .of { margin-bottom: 1mm; }
  .zw-sheet th, .zw-sheet td { padding: .06mm 1mm; }
  .zw-sheet .cards { grid-template-columns: repeat(6, minmax(0, 1fr)); gap: 1mm;
    margin-bottom: .8mm; }
  .zw-sheet .card { padding: .2mm 1.2mm; }
  .zw-sheet img.map { max-height: 39mm; object-fit: contain; }
  .zw-sheet ul.months i { height: 9mm; }
  .zw-sheet .foot { margin-top: .6mm !important; font-size: 5.3pt; }
  .zw-no-print { display: none !important; }
}
"""
"""The look of a sheet: on a screen two columns, on paper one page of A4."""

APP_STYLE = """
@media print {
  header, footer, [data-testid="stSidebar"], [data-testid="stToolbar"], .stButton,
  [data-testid="stSidebarCollapsedControl"], [data-testid="stExpandSidebarButton"],
  .stDownloadButton, .stSelectbox, [data-testid="stStatusWidget"], .zw-no-print,
  [data-testid="stElementContainer"]:has(.stDownloadButton, .stSelectbox, .zw-no-print)
    { display: none !important; }
  html, body, #root, .stApp, .stMain, [data-testid="stAppViewContainer"],
  [data-testid="stMain"], [data-testid="stAppScrollToBottomContainer"], section.main {
    position: static !important; height: auto !important; min-height: 0 !important;
    overflow: visible !important; display: block !important; }
  .block-container { padding: 0 !important; max-width: none !important; }
  [data-testid="stVerticalBlock"] { gap: 0 !important; display: block !important; }
}
"""
"""What Streamlit's page lets go of when it is printed: all but the sheet."""


_PAGE_STYLE = """
body { margin: 1rem; background: #fff; }
@media print { body { margin: 0; } }
"""


def in_app(body: str) -> str:
    """Write a sheet for the page that shows it, so that the browser prints it alone."""
    return f"<style>{SHEET_STYLE}{APP_STYLE}</style>{body}"


def one_file(body: str, *, title: str) -> str:
    """Write a sheet as one HTML file: no script, no address, nothing fetched.

    Parameters
    ----------
    body
        HTML whose every text is already escaped.
    title
        Of the window, and of the PDF that a browser makes of it.

    Examples
    --------
    >>> "http://" in one_file("<p>North</p>", title="North & South")
    False
    """
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en-GB"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title>"
        f"<style>{_PAGE_STYLE}{SHEET_STYLE}</style></head><body>{body}</body></html>\n"
    )

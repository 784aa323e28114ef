"""The few styles that Streamlit does not have: tables, badges, the strip under a title."""

STYLE = """
<style>
.block-container { padding: 2.6rem 2rem 2rem 2rem; }
h1 { font-size: 1.7rem !important; padding: 0 0 .2rem 0 !important; }
h2, h3 { font-size: 1.25rem !important; padding: .4rem 0 .2rem 0 !important; }
.zw-sub { color: #46525e; margin: 0 0 .5rem 0; }
.zw-badge { display: inline-block; padding: 0 .5rem; border-radius: .75rem; font-size: .85rem;
  font-weight: 600; border: 1px solid #8a5a00; color: #5c3b00; background: #fff3d6; }
.zw-badge.real { border-color: #1f6f43; color: #11472a; background: #e3f4ea; }
.zw-scroll { overflow: auto; border: 1px solid #d5dbe1; border-radius: .4rem; }
.zw-scroll:focus-visible { outline: 3px solid #0b5cad; }
table.zw { border-collapse: collapse; width: 100%; font-size: .92rem; background: #fff;
  font-variant-numeric: tabular-nums; margin: 0; }
table.zw caption { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; }
table.zw th, table.zw td { padding: .28rem .6rem; border-bottom: 1px solid #e4e9ee;
  text-align: right; white-space: nowrap; }
table.zw thead th { position: sticky; top: 0; background: #f2f5f8; white-space: normal;
  vertical-align: bottom; border-bottom: 2px solid #b9c3cd; }
table.zw th.text, table.zw td.text { text-align: left; }
table.zw tbody tr:hover { background: #f2f7fc; }
table.zw tr.total td, table.zw tr.total th { font-weight: 700; border-top: 2px solid #b9c3cd; }
table.zw small { color: #5b6772; font-weight: 400; }
.zw-cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(6.9rem, 1fr));
  gap: .4rem; margin: 0 0 .6rem 0; }
.zw-card { border: 1px solid #d5dbe1; border-radius: .4rem; padding: .4rem .6rem; }
.zw-card .what { font-size: .8rem; color: #46525e; line-height: 1.2; min-height: 2.4em; }
.zw-card .now { font-size: 1.25rem; line-height: 1.4; font-weight: 700; }
.zw-card .was { font-size: .8rem; color: #46525e; }
.zw-note { font-size: .85rem; color: #46525e; margin: 0 0 .3rem 0; }
@media print {
  [data-testid="stSidebar"], header, .stButton, .stDownloadButton { display: none !important; }
}
</style>
"""

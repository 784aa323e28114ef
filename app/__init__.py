"""The app: the only code that imports streamlit or folium. Pages gather, call and show."""

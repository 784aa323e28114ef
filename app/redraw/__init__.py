"""The Redraw page, a module for each of its parts."""

"""Build a pack from the files of a folder: recognise, read, convert, check, write."""

"""For programs that print names and formulas on any console, Windows' cp1252 included."""

import sys


def forgive():
    """Print what the console's encoding lacks as an escape instead of ending in an error."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")

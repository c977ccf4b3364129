"""What every program here begins with: a console that can print anything, and a quick start."""

import sys

# nbformat's validator would load a grammar of internationalised addresses, three seconds each time.
sys.modules.setdefault("rfc3987_syntax", None)


def forgive():
    """Print what the console's encoding (Windows' cp1252) lacks as an escape, not an error."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")

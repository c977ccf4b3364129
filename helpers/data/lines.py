"""Text files line by line, each with the place that an error about it names."""

from pathlib import Path

from helpers.arguments import describe


def placed_lines(path, name="path"):
    """[(place, line), ...] of a UTF-8 file, place being "FILE, line NUMBER".

    A newline at the very end does not open another line. Raises ValueError, naming the argument
    or the file, where it is no file's name or no text.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except TypeError:
        raise ValueError(f"{name}: expected the name of a file, got {describe(path)}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: is not UTF-8 text ({error})") from None
    lines = text.removesuffix("\n").split("\n") if text else []
    return [(f"{path}, line {n}", line.removesuffix("\r")) for n, line in enumerate(lines, start=1)]


def write_lines(path, lines):
    """Lines to a UTF-8 file, each with a newline at its end, on every system."""
    Path(path).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")

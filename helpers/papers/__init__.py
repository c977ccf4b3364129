"""The experiments behind the notebooks 06: a module for each paper, its rivals, stored results."""

"""The experiments behind the notebooks 06: a module for each paper, and their stored results."""

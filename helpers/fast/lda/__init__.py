"""What makes the E-step of LDA fast; the lecture's own is in helpers/lda/variational_em.py."""
# ruff: noqa: F401  what is imported here is what the package offers

from helpers.fast.lda.ascent import EStep, Rule, two_tracks

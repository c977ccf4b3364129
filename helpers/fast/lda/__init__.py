"""What makes the E-step of LDA fast; the lecture's own is in helpers/lda/variational_em.py."""

from helpers.fast.lda.ascent import EStep, Rule, two_tracks
from helpers.fast.lda.blocks import Documents, WordScores
from helpers.fast.lda.starts import STARTS

__all__ = ["STARTS", "Documents", "EStep", "Rule", "WordScores", "two_tracks"]

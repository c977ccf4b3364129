"""Interactive figures: one short call each, as the last line of a cell.

They work in the notebook, and without a kernel in slides, exported pages and the site.
"""

from helpers.show.interactive.ascents import trace
from helpers.show.interactive.coin import bayes
from helpers.show.interactive.competing import explaining_away
from helpers.show.interactive.correlated import mean_field
from helpers.show.interactive.coupled import fhmm
from helpers.show.interactive.divergences import two_kls
from helpers.show.interactive.draws import estimators
from helpers.show.interactive.encoder import encoder_gaps
from helpers.show.interactive.figure import Interactive
from helpers.show.interactive.gaps import gap, kl_directions
from helpers.show.interactive.jensen import jensen
from helpers.show.interactive.links import cut_links
from helpers.show.interactive.predictions import predict, predict_number, predict_point, recall
from helpers.show.interactive.sampled import sampled_elbo
from helpers.show.interactive.topics import lda_document
from helpers.show.interactive.touching import em
from helpers.show.interactive.tug import tug_of_war

__all__ = [
    "Interactive",
    "bayes",
    "cut_links",
    "em",
    "encoder_gaps",
    "estimators",
    "explaining_away",
    "fhmm",
    "gap",
    "jensen",
    "kl_directions",
    "lda_document",
    "mean_field",
    "predict",
    "predict_number",
    "predict_point",
    "recall",
    "sampled_elbo",
    "trace",
    "tug_of_war",
    "two_kls",
]

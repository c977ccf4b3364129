"""Interactive figures: one short call each, as the last line of a cell.

They work in the notebook, and without a kernel in slides, exported pages and the site.
"""

from helpers.show.lazy import names_of

__all__, __getattr__, __dir__ = names_of(
    __name__,
    {
        "ascents": "trace",
        "coin": "bayes",
        "competing": "explaining_away",
        "correlated": "mean_field",
        "coupled": "fhmm",
        "divergences": "two_kls",
        "draws": "estimators sampled_elbo",
        "encoder": "encoder_gaps",
        "figure": "Interactive",
        "gaps": "gap jensen kl_directions",
        "links": "cut_links",
        "predictions": "predict recall",
        "topics": "lda_document tug_of_war",
        "touching": "em",
    },
)

"""Small pictures that the course draws itself: a blob somewhere on eight by eight pixels."""

import numpy as np

from helpers.arguments import finite_array, generator, whole_number

SIDE = 8  # pixels
RADIUS, BACKGROUND, PEAK = 1.2, 0.02, 0.96  # of the blob in pixels; chances of a pixel to be on
MARGIN = 1.5  # pixels between a centre and the edge


def blob_probabilities(centres):
    """Chance of each pixel to be on, (N, 64), for centres (N, 2), row and column in pixels.

    BACKGROUND + (PEAK - BACKGROUND) exp(-d^2 / (2 RADIUS^2)), d the distance from the centre.
    """
    centres = finite_array("centres", centres, ndim=2)
    pixels = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="ij"), -1)
    distance2 = ((centres[:, None] - pixels.reshape(-1, 2)) ** 2).sum(axis=2)
    return BACKGROUND + (PEAK - BACKGROUND) * np.exp(-distance2 / (2 * RADIUS**2))


def blobs(rng, n):
    """``n`` pictures of zeros and ones, (n, 64), and the centres that nobody sees, (n, 2)."""
    generator("rng", rng)
    n = whole_number("n", n)
    centres = rng.uniform(MARGIN, SIDE - 1 - MARGIN, (n, 2))
    pixels = rng.random((n, SIDE * SIDE)) < blob_probabilities(centres)
    return pixels.astype(np.int64), centres

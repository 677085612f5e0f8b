"""Figures of what the dimensions and the clusters of a latent space hold."""

from __future__ import annotations

import statistics

import numpy as np
from matplotlib.figure import Figure

from generative.autoencoder.figures import restored as figures
from generative.data.dataset import DataSpec
from generative.figures import pictures
from lab.media.grids import image_grid
from lab.media.plotting import GRAY

STEPS = 11
MOST_DIMENSIONS = 12
MAP_SIDE = 15
CLUSTERS = 10
MEMBERS = 8
MOST_SHOWN = 12
# Standard deviations of the prior that a traversal spans to both sides.
REACH = 2.5


def map_plane(latents: np.ndarray, prior: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Return a square grid of latents on the plane that a map shows, float32 (MAP_SIDE ** 2, L).

    It is all of the space where there are two dimensions; see `quantile_grid`.

    Args:
        latents: Of real rows, (N, L).
        prior: Mean (L,) and covariance (L, L) of what latents are drawn from.
    """
    if len(prior[0]) != 2:
        # The prior does not say which plane is worth looking at.
        prior = latents.mean(axis=0), np.atleast_2d(np.cov(latents.T))
    return quantile_grid(*prior)


def map_picture(rows: np.ndarray, spec: DataSpec, real: np.ndarray) -> np.ndarray | Figure:
    """Show the rows of a plane of latents.

    Args:
        rows: What `map_plane` gave, decoded, (MAP_SIDE ** 2, ...).
        spec: What a row is.
        real: (M, ...) rows of the data set to show beside.
    """
    if spec.is_image:
        return image_grid(pictures.pixels(rows, spec), MAP_SIDE, minimum_cell=32)
    return pictures.rows_picture(rows, spec, real)


def traversal(centre: np.ndarray, deviations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return latents that differ from one in one dimension at a time, those that vary most first.

    Args:
        centre: Where all others stay, (L,).
        deviations: How far each dimension varies, (L,).

    Returns:
        Latents float32 (D * STEPS, L), each dimension's one after the other, and which dimensions they are, (D,).
    """
    dimensions = np.argsort(-deviations, kind="stable")[:MOST_DIMENSIONS]
    latents = np.tile(centre, (len(dimensions), STEPS, 1))
    for row, dimension in zip(latents, dimensions, strict=True):
        row[:, dimension] += np.linspace(-REACH, REACH, STEPS) * deviations[dimension]
    return latents.reshape(-1, len(centre)).astype(np.float32), dimensions


def quantile_grid(mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return a square grid of latents on a plane, equally probable parts of a Gaussian apart.

    In two dimensions the plane is the whole space; otherwise it is that of the two directions of most variance.

    Args:
        mean, covariance: Of the Gaussian, (L,) and (L, L).

    Returns:
        float32 (MAP_SIDE ** 2, L), the first direction to the right and the second up.
    """
    size = min(2, len(mean))
    if len(mean) == 2:
        # Their own axes are what a user asks for by name.
        steps = np.diag(np.sqrt(np.diag(covariance)))
    else:
        values, vectors = np.linalg.eigh(covariance)
        steps = (vectors * np.sqrt(np.maximum(values, 0.0)))[:, ::-1][:, :size]
    normal = statistics.NormalDist()
    quantiles = np.array([normal.inv_cdf((i + 0.5) / MAP_SIDE) for i in range(MAP_SIDE)])
    across, up = np.meshgrid(quantiles, quantiles[::-1])
    plane = np.stack([across.ravel(), up.ravel()], axis=1)[:, :size]
    return (mean + plane @ steps.T).astype(np.float32)


def clusters(latents: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return each latent's cluster by k-means, int32 (N,), and its distance from the centre, (N,).

    Args:
        latents: (N, L).
        number: Clusters; no more than there are latents.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        model = KMeans(min(number, len(latents)), n_init=4, random_state=0).fit(latents.astype(np.float64))
    distances = np.linalg.norm(latents - model.cluster_centers_[model.labels_], axis=1)
    return model.labels_.astype(np.int32), distances


def purity(found: np.ndarray, labels: np.ndarray) -> float:
    """Return the fraction of rows whose label is the commonest of their cluster (Manning et al. 2008, section 16.3).

    Args:
        found: Clusters, whole numbers (N,).
        labels: Whole numbers (N,).
    """
    labels = np.unique(labels, return_inverse=True)[1]
    return sum(int(np.bincount(labels[found == cluster]).max()) for cluster in np.unique(found)) / len(labels)


def clusters_figure(rows: np.ndarray, latents: np.ndarray, labels: np.ndarray | None, spec: DataSpec) -> Figure:
    """Draw k-means clusters of latents on a plane, and for images the members nearest to each centre.

    The title has the clusters' purity and adjusted Rand index (Hubert and Arabie 1985) where there are labels.

    Args:
        rows: What was encoded, (N, ...) in the range of `spec`.
        latents: float32 (N, L).
        labels: int32 (N,) or None.
        spec: What a row is.
    """
    found, distances = clusters(latents, spec.classes or CLUSTERS)
    number = int(found.max()) + 1
    points, method = figures.on_a_plane(latents)
    figure = Figure(figsize=(10.0 if spec.is_image else 6.0, 5.0), layout="constrained", facecolor="white")
    axes = figure.add_subplot(1, 2 if spec.is_image else 1, 1)
    colours = figures.colours(number)
    for cluster in range(number):
        chosen = points[found == cluster]
        axes.scatter(chosen[:, 0], chosen[:, 1], s=16, color=colours[cluster], linewidths=0)
    title = f"{spec.name}: {number} k-means clusters of {len(rows)} held-out rows ({method})"
    if labels is not None:
        from sklearn.metrics import adjusted_rand_score

        title += f"\npurity {purity(found, labels):.2f}, adjusted Rand index {adjusted_rand_score(labels, found):.2f}"
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_axis_off()
    if spec.is_image:
        _draw_members(figure, rows, found, distances, colours, spec)
    return figure


def _draw_members(
    figure: Figure,
    rows: np.ndarray,
    found: np.ndarray,
    distances: np.ndarray,
    colours: list[tuple[float, ...]],
    spec: DataSpec,
) -> None:
    images = pictures.pixels(rows, spec)
    height, width = images.shape[1:3]
    # The largest, where there are too many to be seen.
    order = np.sort(np.argsort(-np.bincount(found), kind="stable")[:MOST_SHOWN])
    number = len(order)
    sheet = np.full((number * (height + 1), MEMBERS * (width + 1), 3), 255, np.uint8)
    for row, cluster in enumerate(order):
        members = np.flatnonzero(found == cluster)
        for column, member in enumerate(members[np.argsort(distances[members], kind="stable")][:MEMBERS]):
            top, left = row * (height + 1), column * (width + 1)
            sheet[top : top + height, left : left + width] = images[member]
    axes = figure.add_subplot(1, 2, 2)
    axes.imshow(sheet)
    which = "each centre" if number == len(colours) else f"the centres of the {number} largest"
    axes.set_title(f"nearest to {which}", fontsize=10, loc="left")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    for row, cluster in enumerate(order):
        middle = row * (height + 1) + height / 2
        axes.plot(-0.06 * sheet.shape[1], middle, "o", color=colours[cluster], clip_on=False, markersize=7)


def traversal_figure(rows: np.ndarray, dimensions: np.ndarray, deviations: np.ndarray, spec: DataSpec) -> Figure:
    """Draw what `traversal` gave, decoded: one strip of images a dimension.

    Args:
        rows: Images (D * STEPS, ...).
        dimensions: (D,).
        deviations: How far each dimension varies, (L,).
        spec: What a row is.
    """
    images = pictures.pixels(rows, spec).reshape(len(dimensions), STEPS, *pictures.pixels(rows[:1], spec).shape[1:])
    names = [f"{dimension} (sd {deviations[dimension]:.2g})" for dimension in dimensions]
    figure = figures.image_rows(list(zip(names, images, strict=True)))
    figure.axes[-1].set_xlabel(f"{-REACH:g} to {REACH:g} standard deviations", fontsize=8, color=GRAY)
    height = figure.get_figheight() + 0.25
    figure.set_figheight(height)
    figure.subplots_adjust(bottom=0.25 / height)
    return figure

"""Gradient-boosted trees of depth 3 for the confidence of the page finder; numpy only.

Friedman (2001) for the logistic loss, each tree on half of the samples and a third of the features,
with thresholds between quantiles. Everything is seeded. A tree is three rows: 7 features and 7
thresholds of its splits in heap order (right where the feature is larger), 8 leaves. Features are
0..1, in steps of 1 / LEVELS, so that thresholds are whole numbers; leaves are multiples of LEAF_UNIT."""
import numpy as np

DEPTH = 3
SPLITS, LEAVES = 2**DEPTH - 1, 2**DEPTH
TREES, RATE, SAMPLE, COLUMNS, LEAST = 400, 0.04, 0.5, 0.33, 15
LEVELS, LEAF_UNIT = 65535, 1e-5
BINS = 48
SHRINK = 1.0  # added to the curvature of a leaf
NEVER = LEVELS  # threshold of a split that is none: no feature is above it


def _bins(x):
    """For each feature its thresholds, and the number of thresholds below each value."""
    edges = [np.unique(np.round(np.quantile(c, np.linspace(0, 1, BINS + 1)[1:-1]))) for c in x.T]
    return edges, np.stack([np.searchsorted(e, c, side='left') for e, c in zip(edges, x.T)], 1)


def _best_split(binned, g, h, rows, columns):
    """Feature, bin and gain of the best split of a node; None if there is none."""
    best, total_g, total_h = None, g[rows].sum(), h[rows].sum() + SHRINK
    for c in columns:
        b = binned[rows, c]
        count = np.bincount(b, minlength=BINS).cumsum()
        left_g = np.bincount(b, g[rows], BINS).cumsum()
        left_h = np.bincount(b, h[rows], BINS).cumsum() + SHRINK
        gain = (left_g**2 / left_h + (total_g - left_g) ** 2 / (total_h - left_h + 2 * SHRINK)
                - total_g**2 / total_h)
        gain[(count < LEAST) | (len(rows) - count < LEAST)] = -1
        k = int(gain.argmax())
        if gain[k] > 1e-6 and (best is None or gain[k] > best[2]):
            best = c, k, gain[k]
    return best


def _grow(rng, binned, edges, g, h):
    """One tree: features, thresholds, leaves."""
    n, width = binned.shape
    rows = rng.choice(n, int(n * SAMPLE), replace=False)
    columns = rng.choice(width, max(1, int(width * COLUMNS)), replace=False)
    feature, threshold = np.zeros(SPLITS, int), np.full(SPLITS, NEVER, float)
    members = {0: rows}
    for node in range(SPLITS):
        inside = members.get(node, rows[:0])
        split = _best_split(binned, g, h, inside, columns) if len(inside) >= 2 * LEAST else None
        right = np.zeros(len(inside), bool)
        if split is not None and split[1] < len(edges[split[0]]):
            feature[node], threshold[node] = split[0], edges[split[0]][split[1]]
            right = binned[inside, split[0]] > split[1]
        members[2 * node + 1], members[2 * node + 2] = inside[~right], inside[right]
    leaf = [RATE * g[m].sum() / (h[m].sum() + SHRINK) if len(m) else 0.0
            for m in (members[SPLITS + k] for k in range(LEAVES))]
    return feature, threshold, np.round(np.array(leaf) / LEAF_UNIT) * LEAF_UNIT


def levels(x):
    """Features 0..1 as whole numbers of steps, as src/page/confidence.c takes them."""
    return np.floor(np.clip(x, 0, 1) * LEVELS + 0.5)


def tree_sum(trees, x):
    """Sum of the leaves that each row of x falls into."""
    total = np.zeros(len(x))
    for feature, threshold, leaf in trees:
        node = np.zeros(len(x), int)
        for _ in range(DEPTH):
            node = 2 * node + 1 + (x[np.arange(len(x)), feature[node]] > threshold[node])
        total += leaf[node - SPLITS]
    return total


def _boost(x, y, seed):
    rng = np.random.default_rng(seed)
    edges, binned = _bins(x)
    base = float(np.log(y.mean() / (1 - y.mean())))
    score, trees = np.full(len(y), base), []
    for _ in range(TREES):
        p = 1 / (1 + np.exp(-score))
        tree = _grow(rng, binned, edges, y - p, p * (1 - p))
        trees.append(tree)
        score += tree_sum([tree], x)
    return base, trees


def _platt(score, y):
    """Scale and offset that make a logistic function of the score calibrated (Platt 1999)."""
    w = np.array([1.0, 0.0])
    z = np.c_[score, np.ones(len(score))]
    for _ in range(50):
        p = 1 / (1 + np.exp(-z @ w))
        w -= np.linalg.solve((z * (p * (1 - p))[:, None]).T @ z + 1e-6 * np.eye(2), z.T @ (p - y))
    return w


def fit(x, y, folds=5, seed=1):
    """(trees, scale, offset): the probability is logistic(scale * sum of leaves + offset)."""
    x = levels(x)
    part = np.random.default_rng(seed).integers(folds, size=len(y))
    score = np.zeros(len(y))
    for k in range(folds):
        base, trees = _boost(x[part != k], y[part != k], seed + k)
        score[part == k] = base + tree_sum(trees, x[part == k])
    scale, offset = _platt(score, y)
    base, trees = _boost(x, y, seed)
    return (trees, scale, scale * base + offset), 1 / (1 + np.exp(-(scale * score + offset)))


def apply(model, x):
    trees, scale, offset = model
    return 1 / (1 + np.exp(-(scale * tree_sum(trees, levels(x)) + offset)))

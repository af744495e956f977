"""Scores of classes, of several labels and of numbers: scikit-learn's."""

import numpy
from sklearn import metrics

from golden_file import Golden, single

SAMPLES, OUTPUTS = 40, 6

# Those of all classes together that cnn_scores has.
AVERAGES = "macro", "micro"


def counts(truth, guess, weights, **settings):
    """Precision, recall, F1 and, without an average, support."""
    found = metrics.precision_recall_fscore_support(
        truth, guess, sample_weight=weights, zero_division=0, **settings)
    return numpy.array(found if found[3] is not None else found[:3], float)


def drawn_weights(g, weighted):
    return numpy.float32(g.random.randint(1, 9, SAMPLES) / 4.0) if (
        weighted) else None


def put_weights(g, item, weights):
    ones = numpy.ones(SAMPLES)
    g.put(f"{item}.weights", ones if weights is None else weights)


def write_classes(g, item, weighted):
    """One class is neither a label nor, with its bias, a guess."""
    y = g.uniform(SAMPLES, OUTPUTS, scale=2.0).numpy()
    y[:, 3] -= 4
    labels = g.random.choice([0, 1, 2, 4, 5], SAMPLES)
    y[numpy.arange(SAMPLES), labels] += 1
    weights = drawn_weights(g, weighted)
    guess = y.argmax(1)
    g.put(f"{item}.y", y)
    g.put(f"{item}.labels", labels)
    put_weights(g, item, weights)
    g.put(f"{item}.classes", counts(
        labels, guess, weights, labels=range(OUTPUTS)))
    for average in AVERAGES:
        g.put(f"{item}.{average}", counts(
            labels, guess, weights, average=average))
    g.put(f"{item}.rest", [
        metrics.accuracy_score(labels, guess, sample_weight=weights),
        metrics.balanced_accuracy_score(labels, guess, sample_weight=weights),
        *(metrics.top_k_accuracy_score(
            labels, y, k=k, sample_weight=weights, labels=range(OUTPUTS))
          for k in range(1, OUTPUTS))])


def write_labels(g, item, weighted, threshold):
    """The last label is nowhere."""
    y = g.uniform(SAMPLES, OUTPUTS, scale=3.0).numpy()
    y[:, -1] -= 8
    truth = g.random.randint(0, 2, (SAMPLES, OUTPUTS))
    truth[:, -1] = 0
    y[:8] = 4 * truth[:8] - 2
    weights = drawn_weights(g, weighted)
    guess = (1 / (1 + numpy.exp(-y)) > single(threshold)).astype(int)
    g.put(f"{item}.y", y)
    g.put(f"{item}.threshold", [threshold])
    g.put(f"{item}.targets", truth)
    put_weights(g, item, weights)
    g.put(f"{item}.classes", counts(truth, guess, weights))
    for average in AVERAGES:
        g.put(f"{item}.{average}", counts(
            truth, guess, weights, average=average))
    g.put(f"{item}.rest", [
        metrics.accuracy_score(truth, guess, sample_weight=weights),
        1 - metrics.hamming_loss(truth, guess, sample_weight=weights)])


def write_numbers(g, item, weighted):
    """Far from 0; one number is always the same and met, one is not met."""
    y = g.uniform(SAMPLES, OUTPUTS).numpy()
    targets = y + 0.25 * g.uniform(SAMPLES, OUTPUTS).numpy()
    y[:, 1] += 4096
    targets[:, 1] += 4096
    y[:, 2] = targets[:, 2] = 3
    targets[:, 3] = -1
    y, targets = numpy.float32(y), numpy.float32(targets)
    weights = drawn_weights(g, weighted)
    g.put(f"{item}.y", y)
    g.put(f"{item}.targets", targets)
    put_weights(g, item, weights)
    y, targets = y.astype(float), targets.astype(float)
    for name, average in ("classes", "raw_values"), ("mean", "uniform_average"):
        settings = {"sample_weight": weights, "multioutput": average}
        g.put(f"{item}.{name}", numpy.array([
            metrics.mean_absolute_error(targets, y, **settings),
            metrics.mean_squared_error(targets, y, **settings),
            metrics.mean_squared_error(targets, y, squared=False, **settings),
            metrics.r2_score(targets, y, **settings)]))


def write_scores():
    with Golden("scores.bin") as g:
        for i, weighted in enumerate([False, True]):
            write_classes(g, f"classes.{i}", weighted)
            write_numbers(g, f"numbers.{i}", weighted)
            for k, threshold in enumerate([0.5, 0.2, 0.9]):
                write_labels(g, f"labels.{3 * i + k}", weighted, threshold)

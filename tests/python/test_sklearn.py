"""Nets as estimators of scikit-learn."""

import importlib.util
import pickle
import re
import unittest
import warnings

import numpy as np
import support
from support import bars, cnn, run_python

SKLEARN = importlib.util.find_spec("sklearn")
if SKLEARN:
    from cnn.sklearn import Classifier, Regressor
    from sklearn.base import clone, is_classifier, is_regressor
    from sklearn.datasets import load_digits
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.utils import estimator_checks

# Of scikit-learn's checks, what training by batches does not do: a weight of
# zero and a sample that is not there round differently.
KNOWN = {"check_sample_weights_invariance"}


class Without(unittest.TestCase):
    def test_not_imported(self):
        """`import cnn` does without."""
        done = run_python("import sys, cnn; print('sklearn' in sys.modules)")
        self.assertEqual(done.stdout, "False\n", done.stderr)


def all_checks(estimator):
    """Pairs of estimator and check, in old and new versions."""
    if hasattr(estimator_checks, "estimator_checks_generator"):
        return estimator_checks.estimator_checks_generator(estimator)
    return estimator_checks.check_estimator(estimator, generate_only=True)


def digits(count=400):
    X, y = load_digits(return_X_y=True)
    return X[:count], y[:count]


def layers():
    return [cnn.Conv2D(8, 3), cnn.ReLU(), cnn.MaxPool2D(2), cnn.Dense(10)]


@unittest.skipUnless(SKLEARN, "there is no sklearn")
class Estimators(unittest.TestCase):
    def test_checks(self):
        """All that scikit-learn asks of an estimator."""
        for estimator in Classifier(epochs=10), Regressor():
            count = 0
            for one, check in all_checks(estimator):
                name = check.func.__name__
                with self.subTest(name), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    try:
                        check(one)
                    except unittest.SkipTest:
                        pass
                    except AssertionError:
                        if name not in KNOWN:
                            raise
                    count += 1
            self.assertGreater(count, 30)

    def test_classes_of_any_kind(self):
        X, y = digits()
        names = np.array([f"digit {i}" for i in range(10)])
        model = Classifier(layers(), shape=(8, 8), epochs=5,
                           optimizer=cnn.Adam(1e-2)).fit(X / 16, names[y])
        X = X / 16
        self.assertEqual(list(model.classes_), list(names))
        self.assertEqual(model.n_features_in_, 64)
        self.assertTrue(set(model.predict(X)) <= set(names))
        self.assertGreater(model.score(X, names[y]), 0.9)
        p = model.predict_proba(X)
        np.testing.assert_array_equal(names[p.argmax(1)], model.predict(X))
        np.testing.assert_allclose(p.sum(1), 1, rtol=1e-5)
        self.assertTrue(is_classifier(model))
        self.assertEqual(len(model.history_), 5)

    def test_shapes(self):
        """Vectors and images are the same."""
        X, y = digits(100)
        flat = Classifier(layers(), shape=(8, 8), epochs=1).fit(X, y)
        for images in X.reshape(-1, 8, 8), X.reshape(-1, 1, 8, 8):
            model = Classifier(layers(), epochs=1).fit(images, y)
            np.testing.assert_array_equal(model.predict_proba(images),
                                          flat.predict_proba(X))

    def test_again_and_clones(self):
        X, y = digits(100)
        model = Classifier(layers(), shape=(8, 8), epochs=2)
        want = model.fit(X, y).predict_proba(X)
        for twin in (model, clone(model),
                     Classifier(**model.get_params()),
                     pickle.loads(pickle.dumps(model))):
            np.testing.assert_array_equal(twin.fit(X, y).predict_proba(X),
                                          want)
        np.testing.assert_array_equal(
            pickle.loads(pickle.dumps(model)).predict_proba(X), want)
        model.set_params(epochs=1, random_state=5)
        self.assertTrue((model.fit(X, y).predict_proba(X) != want).any())
        self.assertIn("Conv2D(8, 3)", repr(model))

    def test_nets(self):
        """A net for the layers, with branches too: a stack of them is the
        same to the bit, and the net itself is left as it was."""
        X, y = digits(100)
        want = Classifier(layers(), shape=(8, 8), epochs=2).fit(X, y)
        stack = Classifier(cnn.Net(layers()), shape=(8, 8), epochs=2)
        np.testing.assert_array_equal(
            stack.fit(X, y).predict_proba(X), want.predict_proba(X))
        x = cnn.Input((8, 8))
        z = cnn.Conv2D(1, 3, padding="same")(x)
        net = cnn.Net(x, cnn.Dense(10)(x + cnn.ReLU()(z)))
        model = Classifier(net, epochs=20, optimizer=cnn.Adam(3e-3))
        want = model.fit(X, y).predict_proba(X)
        self.assertEqual(model.net_.in_shape, (1, 8, 8))
        for twin in model, clone(model), pickle.loads(pickle.dumps(model)):
            np.testing.assert_array_equal(twin.fit(X, y).predict_proba(X),
                                          want)
        self.assertEqual(net.max_batch, 0)
        warm = Classifier(model.net_, epochs=1)  # from what was learnt
        self.assertGreater(warm.fit(X, y).score(X, y), 0.7)
        self.assertLess(Classifier(net, epochs=1).fit(X, y).score(X, y), 0.5)
        self.assertEqual(clone(warm).fit(X, y).score(X, y), warm.score(X, y))
        with self.assertRaisesRegex(ValueError, r"shape=\(1, 8, 8\) has 64"):
            model.fit(X[:, :10], y)

    def test_guide(self):
        """The block of the guide, several processes too."""
        guide = (support.ROOT / "docs/python.md").read_text("utf-8")
        code = re.search(r"```python\n(from cnn\.sklearn .*?)```", guide,
                         re.DOTALL)[1]
        X, y = digits(300)
        names = {"cnn": cnn, "X": X, "y": y, "print": lambda *_: None}
        exec(compile(code, "python.md", "exec"), names)
        self.assertGreater(names["search"].best_score_, 0.8)
        again = clone(names["search"]).set_params(n_jobs=2).fit(X, y)
        self.assertEqual(again.best_params_.keys(),
                         names["search"].best_params_.keys())
        self.assertEqual(again.best_score_, names["search"].best_score_)

    def test_regression(self):
        rng = np.random.default_rng(1)
        X = rng.normal(size=(300, 5))
        y = X[:, 0] * X[:, 1] + X[:, 2]
        model = make_pipeline(StandardScaler(), Regressor(
            [cnn.Dense(64), cnn.Tanh(), cnn.Dense(1)], epochs=100,
            optimizer=cnn.Adam(5e-3)))
        model.fit(X, y)
        self.assertGreater(model.score(X, y), 0.9)
        self.assertEqual(model.predict(X).shape, (300,))
        both = Regressor(epochs=2).fit(X, np.stack([y, -y], 1))
        self.assertEqual(both.predict(X).shape, (300, 2))
        self.assertTrue(is_regressor(both))
        self.assertEqual(len(cross_val_score(Regressor(epochs=1), X, y)), 5)

    def test_weights(self):
        """Samples of weight 0 teach nothing."""
        X, y = bars(200)
        X = X.reshape(200, -1) / 255
        two = (y >= 5).astype(int)
        model = Classifier([cnn.Dense(2)], epochs=3)
        model.fit(X, two, sample_weight=np.where(two == 1, 0.0, 1.0))
        self.assertEqual(set(model.predict(X)), {0})
        model.set_params(class_weight={0: 0.0, 1: 1.0}).fit(X, two)
        self.assertEqual(set(model.predict(X)), {1})
        model.set_params(class_weight="balanced").fit(X, two)

    def test_options(self):
        X, y = digits(64)
        seen = []
        Classifier(layers(), shape=(8, 8), epochs=1, batch_size=1000,
                   fit_options={"callback": seen.append,
                                "schedule": cnn.Cosine()}).fit(X, y)
        self.assertEqual(len(seen), 1)
        own = Classifier(layers(), shape=(8, 8), epochs=1,
                         loss=lambda y, label: (0.0, 0 * y))
        trained = own.fit(X, y).net_.tensors()
        self.assertEqual(set(trained["3.bias"]), {0})

    def test_refused(self):
        X, y = digits(50)
        for make, text in (
                (lambda: Classifier([cnn.Dense(3)]).fit(X, y), r"Dense\(10\)"),
                (lambda: Classifier().fit(X, np.eye(10)[y]), "argmax"),
                (lambda: Classifier(shape=(9, 9)).fit(X, y), "81"),
                (lambda: Classifier().fit(X, y * 0), "1 class"),
                (lambda: Classifier().fit(X, y + 0.5), "continuous"),
                (lambda: Regressor([cnn.Dense(2)]).fit(X, y), "Dense.1."),
                (lambda: Classifier().fit(X, y).predict(X[:, 1:]), "63"),
                (lambda: Classifier().fit(X[0], y), "1D array"),
                (lambda: Classifier().fit(X, y[1:]), "inconsistent")):
            with self.assertRaisesRegex(ValueError, text):
                make()


if __name__ == "__main__":
    unittest.main(verbosity=2)

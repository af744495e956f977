"""Random nets with branches: passes, gradients, and trainings.

A graph is a list of numbers for each layer, one behind the other: its kind
(KINDS, by place), two settings, how many outputs it takes, and the numbers of
these layers, -1 being the input. Settings are filters and kernel, the function
as libcnn numbers it, units, or 1 to add and 2 to concatenate.
"""

import numpy
import torch
import torch.nn.functional as F

from golden_file import Golden

GRAPHS = 200
STEPS = 20
BATCH = 4
SHAPE = (2, 4, 4)
CLASSES = 3
KINDS = ["conv", "activation", "batchnorm", "maxpool", "avgpool", "upsample",
         "dropout", "join", "global", "dense", "softmax"]
FUNCTIONS = {0: F.relu, 1: torch.sigmoid, 2: torch.tanh, 5: F.elu, 6: F.gelu,
             7: F.silu}

# As in make_golden.py. With an epsilon of 0.01 a gradient that nearly vanishes
# moves its parameter by next to nothing, instead of by a whole step in the
# direction of its rounding.
OPTIMISERS = {
    "sgd": (0, 0.05, [0.9, 0, 0.0]),
    "adam": (1, 0.01, [0.9, 0.999, 0.01, 0.0, 0]),
    "rmsprop": (2, 0.01, [0.9, 0.01, 0.5]),
}

# What float cannot be held to: a kink, or two equal maxima, nearer than KINK,
# a channel that hardly varies, and outputs that grow.
KINK, VARIANCE, MOST = 2e-4, 1e-2, 20.0


class Awkward(Exception):
    """The graph is drawn anew."""


def demand(good):
    if not good:
        raise Awkward


class Graph:
    """A net that is drawn, and then run as often as need be."""

    def __init__(self, g):
        self.g, self.random = g, g.random
        self.layers = []          # (kind, settings, sources)
        self.params = []          # of all layers in order
        self.running = []         # mean and variance of each normalisation
        self.shapes = {-1: SHAPE}
        self.used = set()
        for _ in range(self.random.randint(3, 10)):
            self.draw()
        self.finish()

    def add(self, kind, settings, sources, shape):
        self.layers.append((kind, settings, sources))
        self.used.update(sources)
        self.shapes[len(self.layers) - 1] = shape
        return len(self.layers) - 1

    def any(self):
        """A layer that there is, or the input; rather a late one."""
        return max(self.random.randint(-1, len(self.layers), 2))

    def param(self, *shape, scale=1.0):
        self.params.append(self.g.uniform(*shape, scale=scale))

    def draw(self):
        at = self.any()
        c, h, w = self.shapes[at]
        kind = self.random.randint(10)
        if kind < 3:
            filters = self.random.randint(2, 4)
            kernel = self.random.choice([1, 3])
            self.add("conv", (filters, kernel), [at], (filters, h, w))
            self.param(filters, c, kernel, kernel, scale=1 / kernel)
            self.param(filters, scale=0.1)
        elif kind < 5:
            f = self.random.choice(list(FUNCTIONS))
            self.add("activation", (f, 0), [at], (c, h, w))
        elif kind == 5:
            self.add("batchnorm", (0, 0), [at], (c, h, w))
            self.params += [1 + self.g.uniform(c, scale=0.5),
                            self.g.uniform(c, scale=0.5)]
        elif kind == 6 and h > 2:
            pool = self.random.choice(["maxpool", "avgpool"])
            self.add(pool, (0, 0), [at], (c, h // 2, w // 2))
        elif kind == 6:
            self.add("upsample", (0, 0), [at], (c, 2 * h, 2 * w))
        elif kind == 7 and self.random.randint(3) == 0:
            self.add("dropout", (0, 0), [at], (c, h, w))
        else:
            self.join(at, 1 + self.random.randint(2))

    def join(self, at, how):
        """What fits to `at`; if that is nothing, twice the same."""
        shape = self.shapes[at]
        fits = [i for i, s in self.shapes.items()
                if s[1:] == shape[1:] and (how == 2 or s == shape)]
        sources = [at] + list(self.random.choice(
            fits, self.random.randint(1, 4)))
        channels = sum(self.shapes[i][0] for i in sources)
        if channels > 12 and how == 2:
            return
        self.add("join", (how, 0), sources,
                 (channels if how == 2 else shape[0],) + shape[1:])

    def finish(self):
        """The means of all that nobody takes, in one dense layer."""
        ends = [i for i in range(len(self.layers)) if i not in self.used]
        means = [self.add("global", (0, 0), [i], (self.shapes[i][0], 1, 1))
                 for i in ends]
        inputs = sum(self.shapes[i][0] for i in means)
        at = means[0]
        if len(means) > 1:
            at = self.add("join", (2, 0), means, (inputs, 1, 1))
        at = self.add("dense", (CLASSES, 0), [at], (CLASSES, 1, 1))
        self.param(CLASSES, inputs)
        self.param(CLASSES, scale=0.1)
        if self.random.randint(4) == 0:
            self.add("softmax", (0, 0), [at], (CLASSES, 1, 1))

    def numbers(self):
        out = []
        for kind, settings, sources in self.layers:
            out += [KINDS.index(kind), *settings, len(sources), *sources]
        return out

    def start(self):
        """Copies of the parameters to train, and new running statistics."""
        self.running = [
            torch.stack([torch.zeros(self.shapes[i][0]),
                         torch.ones(self.shapes[i][0])]).double()
            for i, layer in enumerate(self.layers) if layer[0] == "batchnorm"]
        return [p.clone().requires_grad_() for p in self.params]

    def run(self, x, params, train, logits=False):
        """The output; with `logits` what a softmax at the end would take."""
        y = {-1: x}
        params, running = iter(params), iter(self.running)
        for i, (kind, settings, sources) in enumerate(self.layers):
            if kind == "softmax" and logits:
                return y[i - 1]
            y[i] = self.layer(kind, settings, [y[k] for k in sources], params,
                              running, train)
            demand(y[i].abs().max() < MOST)
        return y[len(self.layers) - 1]

    def layer(self, kind, settings, x, params, running, train):
        if kind == "conv":
            return F.conv2d(x[0], next(params), next(params),
                            padding=settings[1] // 2)
        if kind == "activation":
            demand(settings[0] not in (0, 5) or x[0].abs().min() > KINK)
            return FUNCTIONS[settings[0]](x[0])
        if kind == "batchnorm":
            demand(x[0].var((0, 2, 3)).min() > VARIANCE)
            statistics = next(running)
            return F.batch_norm(x[0], *statistics, next(params), next(params),
                                training=train)
        if kind == "maxpool":
            windows = F.unfold(x[0].flatten(0, 1).unsqueeze(1), 2, stride=2)
            top = windows.topk(2, 1).values
            demand((top[:, 0] - top[:, 1]).min() > KINK)
            return F.max_pool2d(x[0], 2)
        if kind == "join":
            return sum(x[1:], x[0]) if settings[0] == 1 else torch.cat(x, 1)
        if kind == "dense":
            return F.linear(x[0].flatten(1), next(params), next(params))
        return {"avgpool": lambda: F.avg_pool2d(x[0], 2),
                "upsample": lambda: F.interpolate(x[0], scale_factor=2),
                "dropout": lambda: x[0],
                "global": lambda: x[0].mean((2, 3), keepdim=True),
                "softmax": lambda: F.softmax(x[0], 1)}[kind]()


def flat(arrays):
    return torch.cat([a.detach().ravel() for a in arrays])


def passes(g, graph):
    """A pass of training there and back, and a prediction after it."""
    x = g.uniform(BATCH, *SHAPE).requires_grad_()
    dy = g.uniform(BATCH, CLASSES)
    params = graph.start()
    y = graph.run(x, params, True)
    y.backward(dy)
    later = graph.run(x, params, False)
    return {"x": x, "dy": dy, "y": y, "dx": x.grad, "later": later,
            "params": flat(params), "grads": flat(p.grad for p in params)}


def train(g, graph, create, x, labels):
    """The loss of each step, and parameters and statistics at the end."""
    params = graph.start()
    optim = create(params)
    losses = []
    for _ in range(STEPS):
        loss = F.cross_entropy(graph.run(x, params, True, True), labels)
        optim.zero_grad()
        loss.backward()
        optim.step()
        losses.append(loss.item())
    return {"losses": losses, "end": flat(params + graph.running)}


def draw(g, optimiser):
    """A graph with all its values."""
    graph = Graph(g)
    arrays = passes(g, graph)
    labels = torch.from_numpy(g.random.randint(0, CLASSES, BATCH))
    arrays["labels"] = labels
    for name, (kind, lr, options) in OPTIMISERS.items():
        found = train(g, graph,
                      lambda params: optimiser(params, kind, lr, options),
                      arrays["x"].detach(), labels)
        arrays.update({f"{name}.{key}": v for key, v in found.items()})
    return graph, arrays


def write_graphs(optimiser):
    with Golden("graphs.bin") as g:
        for name, (kind, lr, options) in OPTIMISERS.items():
            g.put(f"{name}.config", [kind, lr] + options)
        done = 0
        while done < GRAPHS:
            try:
                graph, arrays = draw(g, optimiser)
            except Awkward:
                continue
            g.put(f"{done}.layers", graph.numbers())
            for name, values in arrays.items():
                g.put(f"{done}.{name}", values)
            done += 1

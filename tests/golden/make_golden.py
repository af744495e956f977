#!/usr/bin/env python3
"""Computes with PyTorch what libcnn must compute, and writes it to files.

    python3 tests/golden/make_golden.py

needs PyTorch (written with 1.13), numpy and, for scores, scikit-learn (1.2);
writes optim.bin, layers.bin, net.bin, train.bin, learning.bin, scores.bin and
graphs.bin beside itself. They are committed; the tests only read them. All of it is
computed in double precision and rounded once, at the end, so
that the files do not depend on the processor, and the tests measure the error
of float.
"""

import numpy
import torch
import torch.nn.functional as F

from golden_file import Golden, single
from golden_graphs import write_graphs
from golden_learning import write_learning
from golden_scores import write_scores
from golden_train import write_train

STEPS = 20


# ---------------------------------------------------------------- optimisers

# libcnn's kind (0 SGD, 1 Adam, 2 RMSprop), learning rate, and its options in
# the order of the struct.
OPTIMISERS = [
    (0, 0.1, [0.0, 0, 0.0]),
    (0, 0.1, [0.9, 0, 0.0]),
    (0, 0.1, [0.9, 1, 0.0]),
    (0, 0.1, [0.0, 0, 0.05]),
    (0, 0.1, [0.8, 1, 0.05]),
    (1, 0.05, [0.9, 0.999, 1e-8, 0.0, 0]),
    (1, 0.05, [0.9, 0.999, 1e-8, 0.1, 0]),
    (1, 0.05, [0.9, 0.999, 1e-8, 0.1, 1]),
    (1, 0.05, [0.7, 0.95, 1e-3, 0.0, 0]),
    (2, 0.02, [0.9, 1e-8, 0.0]),
    (2, 0.02, [0.9, 1e-8, 0.9]),
    (2, 0.02, [0.8, 1e-2, 0.5]),
]


def optimiser(params, kind, lr, options):
    o = [single(v) for v in options]
    lr = single(lr)
    if kind == 0:
        return torch.optim.SGD(params, lr, momentum=o[0], nesterov=o[1] != 0,
                               weight_decay=o[2])
    if kind == 1:
        adam = torch.optim.AdamW if o[4] else torch.optim.Adam
        return adam(params, lr, betas=(o[0], o[1]), eps=o[2],
                    weight_decay=o[3])
    return torch.optim.RMSprop(params, lr, alpha=o[0], eps=o[1],
                               momentum=o[2])


def write_optimisers():
    """Twelve parameters follow the same gradients under each optimiser."""
    with Golden("optim.bin") as g:
        start = g.uniform(12)
        gradients = g.uniform(STEPS, 12)
        g.put("all.start", start)
        g.put("all.gradients", gradients)
        for i, (kind, lr, options) in enumerate(OPTIMISERS):
            p = start.clone().requires_grad_()
            o = optimiser([p], kind, lr, options)
            steps = []
            for t in range(STEPS):
                p.grad = gradients[t].clone()
                o.step()
                steps.append(p.detach().clone())
            g.put(f"optim.{i}.config", [kind, lr] + options)
            g.put(f"optim.{i}.steps", torch.stack(steps))


# -------------------------------------------------------------------- layers

def put_layer(g, name, config, x, params, forward):
    """forward(x) goes through `params`; its result and all gradients."""
    x.requires_grad_()
    y = forward(x)
    dy = g.uniform(*y.shape)
    y.backward(dy)
    n, c, h, w = (list(x.shape) + [1, 1])[:4]
    g.put(f"{name}.config", config)
    g.put(f"{name}.in", [n, c, h, w])
    g.put(f"{name}.x", x)
    g.put(f"{name}.y", y)
    g.put(f"{name}.dy", dy)
    g.put(f"{name}.dx", x.grad)
    if params:
        g.put(f"{name}.params", torch.cat([p.ravel() for p in params]))
        g.put(f"{name}.grads", torch.cat([p.grad.ravel() for p in params]))


# Input; filters, kernel h w, stride h w, dilation h w, groups, padding top
# bottom left right, no bias.
CONVOLUTIONS = [
    ((3, 1, 7, 6), (4, 3, 3, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0)),
    ((2, 3, 6, 7), (5, 3, 2, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1)),
    ((2, 2, 9, 8), (3, 3, 3, 2, 3, 1, 1, 1, 0, 0, 0, 0, 0)),
    ((2, 2, 9, 9), (3, 3, 3, 1, 1, 2, 3, 1, 0, 0, 0, 0, 0)),
    ((2, 4, 6, 6), (6, 3, 3, 1, 1, 1, 1, 2, 0, 0, 0, 0, 0)),
    ((2, 4, 5, 5), (4, 3, 3, 1, 1, 1, 1, 4, 1, 1, 1, 1, 0)),
    ((2, 2, 5, 6), (3, 4, 3, 1, 1, 1, 1, 1, 2, 1, 0, 3, 0)),
    ((2, 4, 8, 7), (6, 3, 2, 2, 3, 2, 1, 2, 1, 3, 2, 0, 0)),
    ((5, 3, 4, 4), (2, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0)),
]


def write_convolutions(g):
    for i, (shape, config) in enumerate(CONVOLUTIONS):
        (filters, kh, kw, sh, sw, dh, dw, groups, top, bottom, left, right,
         no_bias) = config
        weight = g.uniform(filters, shape[1] // groups, kh, kw)
        params = [weight.requires_grad_()]
        if not no_bias:
            params.append(g.uniform(filters).requires_grad_())

        def forward(x):
            return F.conv2d(F.pad(x, (left, right, top, bottom)), *params,
                            stride=(sh, sw), dilation=(dh, dw), groups=groups)

        put_layer(g, f"conv2d.{i}", config, g.uniform(*shape), params, forward)


# Input; filters, kernel h w, stride h w, dilation h w, groups, padding top
# bottom left right, output padding h w, no bias.
TRANSPOSED = [
    ((3, 2, 4, 5), (3, 3, 3, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)),
    ((2, 3, 4, 3), (4, 3, 2, 2, 3, 1, 1, 1, 1, 1, 0, 0, 1, 2, 0)),
    ((2, 4, 3, 4), (6, 3, 3, 2, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 0)),
    ((2, 2, 5, 4), (2, 3, 2, 1, 2, 2, 3, 1, 2, 2, 1, 1, 0, 1, 1)),
    ((3, 4, 4, 4), (4, 5, 5, 1, 1, 1, 1, 4, 2, 2, 2, 2, 0, 0, 0)),
    ((4, 3, 1, 1), (2, 4, 3, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)),
]


def write_transposed(g):
    for i, (shape, config) in enumerate(TRANSPOSED):
        (filters, kh, kw, sh, sw, dh, dw, groups, top, _, left, _, more_h,
         more_w, no_bias) = config
        weight = g.uniform(shape[1], filters // groups, kh, kw)
        params = [weight.requires_grad_()]
        if not no_bias:
            params.append(g.uniform(filters).requires_grad_())

        def forward(x):
            return F.conv_transpose2d(
                x, *params, stride=(sh, sw), padding=(top, left),
                output_padding=(more_h, more_w), groups=groups,
                dilation=(dh, dw))

        put_layer(g, f"conv2d_transpose.{i}", config, g.uniform(*shape), params,
                  forward)


# Input; average, window h w, stride h w, padding top bottom left right,
# count_include_pad.
POOLS = [
    ((2, 2, 6, 8), (0, 2, 2, 2, 2, 0, 0, 0, 0, 0)),
    ((2, 3, 7, 6), (0, 3, 2, 2, 1, 0, 0, 0, 0, 0)),
    ((2, 2, 5, 6), (0, 3, 3, 2, 2, 1, 1, 1, 1, 0)),
    ((2, 2, 6, 5), (0, 3, 3, 1, 2, 2, 0, 1, 2, 0)),
    ((2, 2, 6, 8), (1, 2, 2, 2, 2, 0, 0, 0, 0, 0)),
    ((2, 2, 5, 6), (1, 3, 3, 2, 2, 1, 1, 1, 1, 0)),
    ((2, 2, 5, 6), (1, 3, 3, 2, 2, 1, 1, 1, 1, 1)),
    ((2, 2, 6, 5), (1, 3, 2, 1, 2, 2, 0, 0, 1, 0)),
    ((2, 2, 6, 5), (1, 3, 2, 1, 2, 2, 0, 0, 1, 1)),
]


def write_pools(g):
    for i, (shape, config) in enumerate(POOLS):
        (average, kh, kw, sh, sw, top, bottom, left, right, include) = config
        pad = (left, right, top, bottom)

        def forward(x):
            if not average:
                return F.max_pool2d(F.pad(x, pad, value=-numpy.inf), (kh, kw),
                                    (sh, sw))
            y = F.avg_pool2d(F.pad(x, pad), (kh, kw), (sh, sw))
            if include:
                return y
            # The share of each window that is no padding.
            inside = F.avg_pool2d(F.pad(torch.ones_like(x), pad), (kh, kw),
                                  (sh, sw))
            return y / inside

        put_layer(g, f"pool2d.{i}", config, g.uniform(*shape), [], forward)


def write_dense(g):
    for i, (shape, units, no_bias) in enumerate([
            ((5, 7), 4, 0), ((3, 2, 3, 4), 6, 0), ((4, 9), 3, 1)]):
        inputs = int(numpy.prod(shape[1:]))
        params = [g.uniform(units, inputs).requires_grad_()]
        if not no_bias:
            params.append(g.uniform(units).requires_grad_())
        put_layer(g, f"dense.{i}", [units, no_bias], g.uniform(*shape), params,
                  lambda x: F.linear(x.flatten(1), *params))


def write_activations(g):
    """Kinds as libcnn numbers them; -1 is softmax over the whole sample."""
    for i, (kind, alpha, f) in enumerate([
            (0, 0, F.relu),
            (1, 0, torch.sigmoid),
            (2, 0, torch.tanh),
            (3, 0, lambda x: 1.7159 * torch.tanh(x * (2.0 / 3.0))),
            (4, 0, lambda x: F.leaky_relu(x, 0.01)),
            (4, 0.25, lambda x: F.leaky_relu(x, 0.25)),
            (5, 0, F.elu),
            (5, 0.5, lambda x: F.elu(x, 0.5)),
            (-1, 0, lambda x: F.softmax(x.flatten(1), 1).view(x.shape))]):
        put_layer(g, f"activation.{i}", [kind, alpha],
                  g.uniform(3, 2, 3, 4, scale=4.0), [], f)


def write_batchnorms(g):
    """A pass of training, and what is predicted for the same input after it."""
    for i, (shape, eps, momentum) in enumerate([
            ((4, 3, 1, 1), 1e-5, 0.1),
            ((3, 2, 4, 5), 1e-5, 0.1),
            ((2, 4, 3, 3), 0.1, 0.5),
            ((5, 1, 2, 2), 1e-3, 1.0)]):
        layer = torch.nn.BatchNorm2d(shape[1], single(eps), single(momentum))
        layer = layer.double()
        with torch.no_grad():
            layer.weight.copy_(g.uniform(shape[1]))
            layer.bias.copy_(g.uniform(shape[1]))
        x = g.uniform(*shape, scale=3.0)
        put_layer(g, f"batchnorm.{i}", [eps, momentum], x,
                  [layer.weight, layer.bias], layer)
        g.put(f"batchnorm.{i}.later", layer.eval()(x))
        g.put(f"batchnorm.{i}.running",
              torch.cat([layer.running_mean, layer.running_var]))


def write_layernorms(g):
    """Epsilon, groups: 0 is LayerNorm, as many as channels InstanceNorm2d."""
    for i, (shape, eps, groups) in enumerate([
            ((4, 3, 2, 3), 1e-5, 0),
            ((3, 6, 1, 1), 0.1, 0),
            ((2, 4, 3, 5), 1e-5, 1),
            ((3, 4, 4, 3), 1e-3, 2),
            ((2, 3, 4, 5), 1e-5, 3)]):
        if groups == 0:
            layer = torch.nn.LayerNorm(shape[1:], single(eps))
        elif groups == shape[1]:
            layer = torch.nn.InstanceNorm2d(groups, single(eps), affine=True)
        else:
            layer = torch.nn.GroupNorm(groups, shape[1], single(eps))
        layer = layer.double()
        with torch.no_grad():
            layer.weight.copy_(g.uniform(*layer.weight.shape))
            layer.bias.copy_(g.uniform(*layer.bias.shape))
        put_layer(g, f"layernorm.{i}", [eps, groups],
                  g.uniform(*shape, scale=3.0), [layer.weight, layer.bias],
                  layer)


def write_subsamples(g):
    """Window; a coefficient and a bias for each channel."""
    for i, (shape, window) in enumerate([
            ((3, 2, 6, 8), (2, 2)), ((2, 3, 6, 9), (2, 3))]):
        weight = g.uniform(shape[1]).requires_grad_()
        bias = g.uniform(shape[1]).requires_grad_()

        def forward(x):
            area = window[0] * window[1]
            return (F.avg_pool2d(x, window) * area * weight.view(1, -1, 1, 1)
                    + bias.view(1, -1, 1, 1))

        put_layer(g, f"subsample2d.{i}", window, g.uniform(*shape),
                  [weight, bias], forward)


def write_layers():
    with Golden("layers.bin") as g:
        write_convolutions(g)
        write_pools(g)
        write_dense(g)
        write_activations(g)
        write_batchnorms(g)
        write_subsamples(g)
        write_transposed(g)
        write_layernorms(g)


# ----------------------------------------------------------- losses and nets

def loss_of(y, labels, loss, reduction):
    """As libcnn numbers them: 0 softmax cross-entropy, 1 mean squares, 2 the
    criterion of LeNet-5."""
    if loss == 0:
        each = F.cross_entropy(y, labels, reduction="none")
    elif loss == 2:
        j = torch.full((len(y), 1), -0.1).double()
        each = (y.gather(1, labels.view(-1, 1)).view(-1)
                + torch.logsumexp(torch.cat([j, -y], 1), 1))
    else:
        each = ((y - F.one_hot(labels, y.shape[1])) ** 2).mean(1)
    return each.mean() if reduction == 0 else each.sum()


def write_losses(g):
    """Loss and gradients of a single dense layer of 6 units."""
    x = g.uniform(7, 5, scale=3.0)
    labels = torch.from_numpy(g.random.randint(0, 6, 7))
    weight, bias = g.uniform(6, 5), g.uniform(6)
    g.put("loss.x", x)
    g.put("loss.labels", labels)
    g.put("loss.params", torch.cat([weight.ravel(), bias]))
    for loss in (0, 1, 2):
        for reduction in (0, 1):
            params = [weight.clone().requires_grad_(),
                      bias.clone().requires_grad_()]
            value = loss_of(F.linear(x, *params), labels, loss, reduction)
            value.backward()
            g.put(f"loss.{loss}.{reduction}.value", [value])
            g.put(f"loss.{loss}.{reduction}.grads",
                  torch.cat([p.grad.ravel() for p in params]))


def conv_net(x, p):
    """conv_net() of tests/support/nets.h, without the softmax."""
    x = F.max_pool2d(F.relu(F.conv2d(x, p[0], p[1], padding=1)), 2)
    x = F.max_pool2d(F.relu(F.conv2d(x, p[2], p[3])), 2)
    return F.linear(F.relu(F.linear(x.flatten(1), p[4], p[5])), p[6], p[7])


def write_trajectories(g):
    """STEPS steps over four batches of ten, in turn."""
    x = g.uniform(40, 1, 12, 12)
    labels = torch.from_numpy(g.random.randint(0, 5, 40))
    start = [g.uniform(4, 1, 3, 3, scale=0.5), g.uniform(4, scale=0.1),
             g.uniform(6, 4, 3, 3, scale=0.3), g.uniform(6, scale=0.1),
             g.uniform(16, 24, scale=0.3), g.uniform(16, scale=0.1),
             g.uniform(5, 16, scale=0.4), g.uniform(5, scale=0.1)]
    g.put("net.x", x)
    g.put("net.labels", labels)
    g.put("net.params", torch.cat([p.ravel() for p in start]))
    for name, kind, lr, options in [
            ("sgd", 0, 0.1, [0.0, 0, 0.0]),
            ("adam", 1, 0.01, [0.9, 0.999, 1e-8, 0.0, 0])]:
        p = [q.clone().requires_grad_() for q in start]
        o = optimiser(p, kind, lr, options)
        losses = []
        for t in range(STEPS):
            batch = slice(t % 4 * 10, t % 4 * 10 + 10)
            loss = loss_of(conv_net(x[batch], p), labels[batch], 0, 0)
            o.zero_grad()
            loss.backward()
            o.step()
            losses.append(loss.item())
        g.put(f"net.{name}.losses", losses)
        g.put(f"net.{name}.params", torch.cat([q.ravel() for q in p]))


def write_net():
    with Golden("net.bin") as g:
        write_losses(g)
        write_trajectories(g)


if __name__ == "__main__":
    torch.set_num_threads(1)
    write_optimisers()
    write_layers()
    write_net()
    write_train()
    write_learning(OPTIMISERS, optimiser)
    write_scores()
    write_graphs(optimiser)

"""Rates of layers, and averages of weights, by PyTorch's own means."""

import torch
import torch.nn.functional as F
from torch.optim.swa_utils import AveragedModel

from golden_file import Golden, single

STEPS = 20

# Of the two layers.
FACTORS = [(0.25, 1.0), (3.0, 0.0)]


def write_groups(g, optimisers, optimiser):
    """Two dense layers of twelve parameters each follow the same gradients,
    each layer as a group with a rate of its own."""
    start = g.uniform(24)
    gradients = g.uniform(STEPS, 24)
    g.put("groups.start", start)
    g.put("groups.gradients", gradients)
    for i, (kind, lr, options) in enumerate(optimisers):
        for k, factors in enumerate(FACTORS):
            p = [start[:12].clone().requires_grad_(),
                 start[12:].clone().requires_grad_()]
            groups = [{"params": [q], "lr": single(lr) * single(f)}
                      for q, f in zip(p, factors)]
            o = optimiser(groups, kind, lr, options)
            for t in range(STEPS):
                p[0].grad = gradients[t][:12].clone()
                p[1].grad = gradients[t][12:].clone()
                o.step()
            g.put(f"groups.{i}.{k}.config", [kind, lr] + options)
            g.put(f"groups.{i}.{k}.factors", factors)
            g.put(f"groups.{i}.{k}.end", torch.cat(p))


def net():
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 3, 3), torch.nn.BatchNorm2d(3), torch.nn.Tanh(),
        torch.nn.Flatten(), torch.nn.Linear(3 * 4 * 4, 4)).double()


def floats(model):
    """Parameters, then running statistics, in libcnn's order."""
    batchnorm = model[1]
    return torch.cat([p.detach().ravel() for p in model.parameters()] +
                     [batchnorm.running_mean, batchnorm.running_var])


def write_average(g, decay):
    """A training of ten steps of eight samples, its batches in order; the
    average of all steps after each of them. PyTorch copies at the first step,
    and asks for the rest: (1 - d) / (1 - d^n) of the new is the exponential
    average with its bias corrected."""
    decay = single(decay)
    x, labels = g.uniform(80, 1, 6, 6), g.random.randint(0, 4, 80)

    def follow(average, new, seen):
        part = (1 - decay) / (1 - decay ** (int(seen) + 1))
        return average + part * (new - average)

    model = net()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(g.uniform(*p.shape, scale=0.5))
    g.put("average.decay", [decay])
    g.put("average.x", x)
    g.put("average.labels", labels)
    g.put("average.start", floats(model))
    average = AveragedModel(model, avg_fn=follow, use_buffers=True)
    o = torch.optim.SGD(model.parameters(), single(0.1), momentum=single(0.9))
    after = []
    for t in range(10):
        batch = slice(8 * t, 8 * t + 8)
        loss = F.cross_entropy(model(x[batch]),
                               torch.from_numpy(labels[batch]))
        o.zero_grad()
        loss.backward()
        o.step()
        average.update_parameters(model)
        after.append(floats(average.module))
    g.put("average.after", torch.stack(after))
    g.put("average.end", floats(model))


def write_learning(optimisers, optimiser):
    with Golden("learning.bin") as g:
        write_groups(g, optimisers, optimiser)
        write_average(g, 0.8)

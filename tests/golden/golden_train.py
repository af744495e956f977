"""What a trainer does beside the optimiser: rates, gradients shortened."""

import numpy
import torch

from golden_file import Golden, single

# Steps of each schedule that are written down.
SCHEDULE_STEPS = 60


def schedules(optim, kind, steps, factor, base):
    """PyTorch's name for what libcnn numbers so."""
    lr = torch.optim.lr_scheduler
    if kind == 1:
        return lr.StepLR(optim, steps, factor)
    if kind == 2:  # factor ^ (1 / steps) for each step
        return lr.ExponentialLR(optim, factor ** (1.0 / steps))
    if kind == 3:
        return lr.CosineAnnealingLR(optim, steps, factor * base)
    # "For so many epochs in a row" is one more than PyTorch's patience.
    return lr.ReduceLROnPlateau(optim, factor=factor, patience=steps - 1,
                                threshold=1e-4, eps=0)


def rates(kind, steps, factor, base, losses):
    """The rate of each step; of a plateau, the one after each loss."""
    base, factor = single(base), single(factor)
    parameter = torch.zeros(1).requires_grad_()
    optim = torch.optim.SGD([parameter], base)
    schedule = schedules(optim, kind, steps, factor, base)
    out = []
    for loss in losses:
        if kind == 4:
            schedule.step(loss)
        out.append(optim.param_groups[0]["lr"])
        optim.step()
        if kind != 4:
            schedule.step()
    return out


def write_schedules(g):
    for i, config in enumerate([
            (1, 7, 0.5, 0.1), (1, 1, 0.9, 2.0), (2, 1, 0.95, 0.1),
            (2, 10, 0.5, 0.3), (3, 59, 0.0, 0.1), (3, 59, 0.25, 1.5)]):
        g.put(f"schedule.{i}.config", config)
        g.put(f"schedule.{i}.rates", rates(*config, [0] * SCHEDULE_STEPS))
    for i, config in enumerate([(4, 1, 0.5, 0.1), (4, 3, 0.9, 1.0)]):
        losses = 1.0 / numpy.arange(1, 31) + g.random.uniform(0, 0.2, 30)
        losses = [single(loss) for loss in losses]
        g.put(f"plateau.{i}.config", config)
        g.put(f"plateau.{i}.losses", losses)
        g.put(f"plateau.{i}.rates", rates(*config, losses))


def write_clipping(g):
    """As many gradients as conv_net() has, shortened to three lengths."""
    gradients = g.uniform(747)
    g.put("clip.grads", gradients)
    for i, longest in enumerate([1.0, 0.01, 100.0]):
        parameter = torch.zeros(747).double().requires_grad_()
        parameter.grad = gradients.clone()
        norm = torch.nn.utils.clip_grad_norm_([parameter], single(longest))
        g.put(f"clip.{i}.norms", [longest, norm])
        g.put(f"clip.{i}.grads", parameter.grad)


def write_train():
    with Golden("train.bin") as g:
        write_schedules(g)
        write_clipping(g)

"""Learning rate and checkpoints of a training run that can be stopped and taken up again."""

import os

import torch

WARM_UP = 100  # steps


def rate_at(step, steps, decay):
    """Share of the full rate: a short warm-up, level, then straight down to zero over the last `decay` steps.

    Level rather than cosine, so that a run may be lengthened from any checkpoint taken before the decline.
    """
    return min(1.0, (step + 1) / WARM_UP, max(0.0, (steps - step) / max(1, decay)))


def save(path, network, optimiser, step, scale=None):
    """`path` alone loads into the network; `path`.state holds what going on needs besides."""
    state = {"step": step, "optimiser": optimiser.state_dict(), "scale": None if scale is None else scale.detach()}
    for target, content in ((path, network.state_dict()), (f"{path}.state", state)):
        torch.save(content, f"{target}.part")
        os.replace(f"{target}.part", target)


def resume(path, network, optimiser, scale=None):
    """Loads what `save` wrote; returns the step to go on with."""
    state = torch.load(f"{path}.state", weights_only=True)
    network.load_state_dict(torch.load(path, weights_only=True))
    optimiser.load_state_dict(state["optimiser"])
    if scale is not None and state.get("scale") is not None:
        scale.data.copy_(state["scale"])
    return state["step"]


def set_rate(optimiser, rate):
    for group in optimiser.param_groups:
        group["lr"] = rate

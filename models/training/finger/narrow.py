"""python narrow.py WIDE.pt NARROW.pt: a narrower extractor to train on, made of a trained one's strongest channels.

A channel's strength is the sum of its normalisations' gains over the layers that write it. What the wide one lacks (the
contrast input) starts at zero.
"""

import sys

import torch

from extractor import STRIDE, Extractor

WIDTHS = 32, 64, 128, 48  # channels of stem, middle, deep, head: half the arithmetic of the default's
# Layers that write, then layers that read, a set of channels; with a residual they all share it.
STREAMS = {
    "stem": (["s0", "r0.b", "u0"], ["r0.a", "d1", "q0"]),
    "middle": (["d1", "r1.0.b", "r1.1.b", "u1", "q1.b"], ["r1.0.a", "r1.1.a", "d2", "q1.a", "u0"]),
    "deep": (["d2", "r2.0.b", "r2.1.b"], ["r2.0.a", "r2.1.a", "u1"]),
    "q0": (["q0"], ["q1b"]),
    "q1b": (["q1b"], ["hR", "hm"]),
    **{part: ([f"{part}.a"], [f"{part}.b"]) for part in ("r0", "r1.0", "r1.1", "r2.0", "r2.1", "q1")},
}


def _weight_of(state, layer):
    return f"{layer}.c.weight" if f"{layer}.c.weight" in state else f"{layer}.weight"


def narrowed(state, network):
    """`state` cut to the shapes of `network`, in place."""
    shapes = {name: value.shape for name, value in network.state_dict().items()}
    for writers, readers in STREAMS.values():
        strength = sum(state[f"{layer}.b.weight"].abs() for layer in writers)
        kept = strength.topk(shapes[f"{writers[0]}.b.weight"][0]).indices.sort().values
        for layer in writers:
            for name in [name for name in state if name.startswith(f"{layer}.") and state[name].dim()]:
                state[name] = state[name][kept]
        for name in (_weight_of(state, layer) for layer in readers):
            state[name] = state[name][:, kept]
    missing = shapes["s0.c.weight"][1] - state["s0.c.weight"].shape[1]
    if missing:
        first = state["s0.c.weight"]
        state["s0.c.weight"] = torch.cat([first, first.new_zeros(len(first), missing, *first.shape[2:])], 1)
    return state


def main(wide, narrow):
    network = Extractor(True, *WIDTHS)
    state = torch.load(wide, map_location="cpu", weights_only=True)
    if state["s0.c.weight"].shape[1] > STRIDE**2 + 1:
        raise SystemExit(f"{wide}: made with another contrast input")
    network.load_state_dict(narrowed(state, network))
    torch.save(network.state_dict(), narrow)


if __name__ == "__main__":
    main(*sys.argv[1:])

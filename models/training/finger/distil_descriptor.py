"""Trains a descriptor to answer what a larger one does, so that what was fitted to the larger one's answers stays valid."""

import argparse
import time

import numpy as np
import torch

import schedule
import store
from blocks import folded
from descriptor import Descriptor, load_descriptor, patches_of
from train_descriptor import shaken

MINUTIAE = 32  # of an impression in a batch, at most
NOISE = 0.03  # on the pupil's patches alone


class Impressions:
    """What make_patterns.py wrote, in memory."""

    def __init__(self, folder):
        self.fingers = [store.read(path) for path in store.fingers(folder).values()]

    def draw(self, rng, count, sides):
        """Patches [count, 2, side, side] of the same minutiae for each side."""
        patches, have = [[] for _ in sides], 0
        while have < count:
            finger = self.fingers[rng.integers(len(self.fingers))]
            k = rng.integers(sum(name.startswith("anchors") for name in finger))
            anchors = finger[f"anchors{k}"]
            if len(anchors) > 0:
                placed = shaken(rng, finger, k, rng.permutation(anchors)[:MINUTIAE])
                for some, side in zip(patches, sides):
                    some.append(patches_of(*placed, side=side))
                have += len(patches[0][-1])
        return [torch.cat(some)[:count] for some in patches]


def train(options):
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    data = Impressions(options.patterns)
    teacher = folded(load_descriptor(options.teacher)).to(memory_format=torch.channels_last)
    network = Descriptor().to(memory_format=torch.channels_last).train()
    answer, forward = (torch.compile(part) if options.compile else part for part in (teacher, network))
    optimiser = torch.optim.AdamW(network.parameters(), options.rate, weight_decay=1e-4)
    first = schedule.resume(options.out, network, optimiser) if options.resume else 0
    rng = np.random.default_rng([options.seed, first])
    mean, began = 0.0, time.time()
    for step in range(first, options.steps):
        schedule.set_rate(optimiser, options.rate * schedule.rate_at(step, options.steps, options.decay))
        own, larger = data.draw(rng, options.patches, (network.side, teacher.side))
        with torch.no_grad():
            wanted = answer(larger.contiguous(memory_format=torch.channels_last))
        noisy = own + torch.randn_like(own) * NOISE
        cosine = (forward(noisy.contiguous(memory_format=torch.channels_last)) * wanted).sum(1)
        loss = (1 - cosine).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        mean = 0.98 * mean + 0.02 * loss.item()
        if (step + 1) % options.log == 0:
            weight = 1 - 0.98 ** (step + 1 - first)
            print(f"{step + 1} {time.time() - began:.0f} s, 1 - cosine {mean / weight:.4f}", flush=True)
        if (step + 1) % 200 == 0:
            schedule.save(options.out, network, optimiser, step + 1)
    schedule.save(options.out, network, optimiser, options.steps)


def main():
    parser = argparse.ArgumentParser(description="Distils a minutia descriptor.")
    parser.add_argument("teacher", help="checkpoint of the larger descriptor")
    parser.add_argument("patterns", help="folder make_patterns.py wrote")
    parser.add_argument("out", help="checkpoint to write")
    parser.add_argument("--resume", action="store_true", help="go on from OUT and its state")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--decay", type=int, default=1000, help="steps over which the rate falls to zero at the end")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--patches", type=int, default=256, help="in a batch")
    parser.add_argument("--log", type=int, default=50, help="steps between two lines of the log")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--compile", action="store_true")
    train(parser.parse_args())


if __name__ == "__main__":
    main()

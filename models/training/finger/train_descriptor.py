"""Trains the minutia descriptor on pairs of impressions; see --help."""

import argparse
import math
import time

import numpy as np
import torch

import schedule
import store
from descriptor import Descriptor, patches_of
from losses import contrastive

MINUTIAE = 16  # of a finger in a batch, at most
MIN_SHARED = 4
CUT_SHARE, CUT_CELLS = 0.4, (2, 14)  # a half-plane cut this many cells of 4 px behind a minutia: a partial print
DETECTED_JITTER = np.array([0.5, 0.5, 0.03])  # px, px, rad
TRUE_JITTER = np.array([1.5, 1.5, 0.09])
NOISE_SHARE, NOISE = 0.5, 0.05
MEMORY = 4096  # vectors of earlier batches
FIRST_SCALE = 17.0  # 1 / temperature; learned


class Fingers:
    """The patterns in memory; `reload` takes up fingers made since."""

    def __init__(self, folder):
        self.folder, self.fingers = folder, {}
        self.reload()

    def reload(self):
        for seed, path in store.fingers(self.folder).items():
            if seed not in self.fingers:
                self.fingers[seed] = store.read(path)

    def draw(self, rng, pairs):
        """(patches [2 pairs, 2, side, side], finger [2 pairs]); k and k + pairs show the same minutia."""
        sides, owners = ([], []), []
        for seed in rng.permutation(list(self.fingers)):
            finger = self.fingers[seed]
            first, second = rng.choice(sum(name.startswith("anchors") for name in finger), 2, replace=False)
            rows = [{int(row[0]): row for row in finger[f"anchors{k}"]} for k in (first, second)]
            shared = sorted(rows[0].keys() & rows[1].keys())
            if len(shared) >= MIN_SHARED:
                rng.shuffle(shared)
                chosen = [np.stack([side[index] for index in shared[:MINUTIAE]]) for side in rows]
                for side, k, at in zip(sides, (first, second), chosen):
                    side.append(impression_patches(rng, finger, k, at))
                owners += [int(seed)] * len(chosen[0])
            if len(owners) >= pairs:
                break
        patches = torch.cat([torch.cat(side)[:pairs] for side in sides])
        return patches, torch.tensor(owners[:pairs]).repeat(2)


def impression_patches(rng, finger, k, anchors):
    return patches_of(*shaken(rng, finger, k, anchors))


def shaken(rng, finger, k, anchors):
    """What patches_of takes: the anchors moved a little, and at times a part of the print missing."""
    jitter = np.where(anchors[:, 4:] > 0, DETECTED_JITTER, TRUE_JITTER) * rng.standard_normal((len(anchors), 3))
    x, y, direction = torch.from_numpy((anchors[:, 1:4] + jitter).astype(np.float32)).T
    ridges = torch.from_numpy(finger[f"ridges{k}"].astype(np.float32) / 127)[None, None]
    mask = finger[f"mask{k}"].astype(np.float32) / 127
    if rng.random() < CUT_SHARE:
        mask = mask * half_plane(rng, mask.shape, anchors[rng.integers(len(anchors)), 1:3] / 4)
    return ridges, torch.from_numpy(mask)[None, None], x, y, torch.cos(direction), torch.sin(direction)


def half_plane(rng, shape, near):
    angle = rng.uniform(0, 2 * math.pi)
    row, column = np.mgrid[0:shape[0], 0:shape[1]]
    depth = (column - near[0]) * math.cos(angle) + (row - near[1]) * math.sin(angle)
    return (depth < rng.uniform(*CUT_CELLS)).astype(np.float32)


class Memory:
    def __init__(self, length, device):
        self.vectors, self.finger = torch.zeros(0, length, device=device), torch.zeros(0, dtype=torch.long, device=device)

    def add(self, vectors, finger):
        self.vectors = torch.cat([self.vectors, vectors.detach()])[-MEMORY:]
        self.finger = torch.cat([self.finger, finger])[-MEMORY:]


def train(options):
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    data = Fingers(options.patterns)
    network = Descriptor()
    if options.start:
        network.load_state_dict(torch.load(options.start, weights_only=True))
    network = network.to(options.device, memory_format=torch.channels_last)
    forward = torch.compile(network) if options.compile else network
    log_scale = torch.nn.Parameter(torch.tensor(math.log(FIRST_SCALE), device=options.device))
    optimiser = torch.optim.AdamW([*network.parameters(), log_scale], options.rate, weight_decay=1e-3)
    first = schedule.resume(options.out, network, optimiser, log_scale) if options.resume else 0
    rng = np.random.default_rng([options.seed, first])
    memory = Memory(network.fc.out_features, options.device)
    mean, began = np.zeros(2), time.time()
    for step in range(first, options.steps):
        schedule.set_rate(optimiser, options.rate * schedule.rate_at(step, options.steps, options.decay))
        patches, finger = data.draw(rng, options.pairs)
        if rng.random() < NOISE_SHARE:
            patches = patches + torch.randn_like(patches) * NOISE
        finger = finger.to(options.device)
        vectors = forward(patches.to(options.device, memory_format=torch.channels_last))
        loss, right = contrastive(vectors, finger, log_scale.exp(), (memory.vectors, memory.finger))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        memory.add(vectors, finger)
        mean = 0.98 * mean + 0.02 * np.array([loss.item(), right.item()])
        done = step - first + 1
        if done % options.log == 0:
            loss_mean, right_mean = mean / (1 - 0.98**done)
            print(f"{step + 1} {time.time() - began:.0f} s, {len(data.fingers)} fingers, loss {loss_mean:.3f}, "
                  f"nearest {right_mean:.4f}, scale {log_scale.exp().item():.1f}", flush=True)  # fmt: skip
        if done % 200 == 0:
            schedule.save(options.out, network, optimiser, step + 1, log_scale)
            data.reload()
    schedule.save(options.out, network, optimiser, options.steps, log_scale)


def main():
    parser = argparse.ArgumentParser(description="Trains the minutia descriptor.")
    parser.add_argument("patterns", help="folder make_patterns.py wrote")
    parser.add_argument("out", help="checkpoint to write")
    parser.add_argument("--start", help="checkpoint to begin with")
    parser.add_argument("--resume", action="store_true", help="go on from OUT and its state")
    parser.add_argument("--steps", type=int, default=20000)
    parser.add_argument("--decay", type=int, default=5000, help="steps over which the rate falls to zero at the end")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--pairs", type=int, default=128, help="of patches in a batch")
    parser.add_argument("--log", type=int, default=50, help="steps between two lines of the log")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compile", action="store_true", help="a third faster, on CPU too; needs a C++ compiler")
    train(parser.parse_args())


if __name__ == "__main__":
    main()

"""Trains the extractor on crops of impressions; see --help."""

import argparse
import time

import numpy as np
import torch

import schedule
import store
import targets
from extractor import Extractor, load_extractor
from losses import WEIGHTS, extractor_losses

CROP = 256  # px
QUARTERS = (0, 0, 0, 1, 2, 3)  # prints mostly stand upright
MAX_NORM = 5.0  # of the gradient


class Impressions(torch.utils.data.Dataset):
    """Endless crops, each drawn from its own index, so that any number of workers gives the same sequence."""

    def __init__(self, folder, count, seed, first):
        self.count, self.seed, self.first = count, seed, first
        self.impressions = []
        for path in store.fingers(folder).values():
            self.impressions += store.unpack_impressions(store.read(path))

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        rng = np.random.default_rng([self.seed, self.first + index])
        one = targets.crop(rng, self.impressions[rng.integers(len(self.impressions))], CROP)
        return targets.maps_of(targets.turned(one, rng.choice(QUARTERS), rng.random() < 0.5))


def train(options):
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    network = load_extractor(options.start) if options.start else Extractor()
    network = network.to(options.device, memory_format=torch.channels_last).train()
    forward = torch.compile(network) if options.compile else network
    optimiser = torch.optim.AdamW(network.parameters(), options.rate, weight_decay=1e-4)
    first = schedule.resume(options.out, network, optimiser) if options.resume else 0
    crops = (options.steps - first) * options.batch
    data = Impressions(options.impressions, crops, options.seed, first * options.batch)
    loader = torch.utils.data.DataLoader(
        data, options.batch, num_workers=options.workers, collate_fn=lambda samples: targets.collate(samples, "cpu")
    )
    mean, began = np.zeros(len(WEIGHTS)), time.time()
    for step, truth in enumerate(loader, first):
        schedule.set_rate(optimiser, options.rate * schedule.rate_at(step, options.steps, options.decay))
        truth = {name: value.to(options.device, non_blocking=True) for name, value in truth.items()}
        image = truth["image"][:, None].contiguous(memory_format=torch.channels_last)
        with torch.autocast(options.device.split(":")[0], torch.bfloat16, enabled=options.bf16):
            ridges, maps = forward(image)
        parts = extractor_losses(ridges.float(), maps.float(), truth)
        loss = sum(WEIGHTS[name] * part for name, part in parts.items())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), MAX_NORM)
        optimiser.step()
        done = step - first + 1
        mean = 0.98 * mean + 0.02 * np.array([part.item() for part in parts.values()])
        if done % options.log == 0:
            figures = ", ".join(f"{name} {v:.3f}" for name, v in zip(WEIGHTS, mean / (1 - 0.98**done)))
            print(f"{step + 1} {time.time() - began:.0f} s, {figures}", flush=True)
        if done % 200 == 0:
            schedule.save(options.out, network, optimiser, step + 1)
    schedule.save(options.out, network, optimiser, options.steps)


def main():
    parser = argparse.ArgumentParser(description="Trains the extractor.")
    parser.add_argument("impressions", help="folder make_impressions.py wrote")
    parser.add_argument("out", help="checkpoint to write")
    parser.add_argument("--start", help="checkpoint to begin with")
    parser.add_argument("--resume", action="store_true", help="go on from OUT and its state")
    parser.add_argument("--steps", type=int, default=30000)
    parser.add_argument("--decay", type=int, default=8000, help="steps over which the rate falls to zero at the end")
    parser.add_argument("--rate", type=float, default=2.5e-3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--workers", type=int, default=0, help="processes that make crops")
    parser.add_argument("--log", type=int, default=50, help="steps between two lines of the log")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--bf16", action="store_true", help="only where the processor or GPU has it: else ten times slower")
    parser.add_argument("--compile", action="store_true")
    train(parser.parse_args())


if __name__ == "__main__":
    main()

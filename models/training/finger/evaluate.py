"""python evaluate.py GRAPHS DATA OUT.csv [SET ...]: scores of every listed pair through the exported graphs.

GRAPHS holds finger-extract.onnx and finger-match.onnx. DATA holds SET/NAME.png, dpi.csv (set,dpi) and pairs/*.csv
(a,b,kind). Prints EER and FNMR at FMR 0.1 % of each set, all different-finger pairs as impostors.
"""

import csv
import sys
import time
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from error_rates import equal_error_rate, fnmr_at, wilson_interval
from extractor import MULTIPLE

BATCH = 50
TARGET_PPI = 500


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def read_image(path, ppi):
    """float32 [h, w] at 500 ppi, sides padded to multiples of 16 with the edge."""
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if ppi != TARGET_PPI:
        smaller = ppi > 1.08 * TARGET_PPI
        factor = TARGET_PPI / ppi
        image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    bottom, right = (-side % MULTIPLE for side in image.shape)
    return cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_REPLICATE).astype(np.float32)


def template_of(graph, image):
    """(minutiae [64, 4], descriptors [64, 64] as templates store them, valid [64])."""
    minutiae, descriptors, valid = graph.run(["minutiae", "desc", "valid"], {"image": image[None, None]})
    return minutiae[:, :4], np.round(descriptors * 127), valid


def read_pairs(data, sets):
    """{(a, b): kind} of every pair file, or of those sets' alone."""
    pairs = {}
    for path in sorted(Path(data, "pairs").glob("*.csv")):
        if not sets or path.stem in sets:
            with open(path) as file:
                pairs.update({(row["a"], row["b"]): row["kind"] for row in csv.DictReader(file)})
    return pairs


def extract_all(graph, data, names):
    with open(Path(data, "dpi.csv")) as file:
        ppi = {row["set"]: float(row["dpi"]) for row in csv.DictReader(file)}
    templates, start = {}, time.process_time()
    for name in names:
        templates[name] = template_of(graph, read_image(Path(data, f"{name}.png"), ppi[name.split("/")[0]]))
    return templates, (time.process_time() - start) / max(1, len(names))


def match_all(graph, templates, pairs):
    partners = defaultdict(list)
    for a, b in pairs:
        partners[a].append(b)
    scores, start = {}, time.process_time()
    for a, others in partners.items():
        probe = dict(zip(("pm", "pd", "pv"), templates[a]))
        for k in range(0, len(others), BATCH):
            part = others[k:k + BATCH]
            gallery = zip(("gm", "gd", "gv"), (np.stack(column) for column in zip(*(templates[b] for b in part))))
            found = graph.run(["score"], probe | dict(gallery))[0]
            scores.update({(a, b): float(score) for b, score in zip(part, found)})
    return scores, (time.process_time() - start) / max(1, len(pairs))


def report(scores, pairs):
    by_set = defaultdict(lambda: ([], []))
    for pair, kind in pairs.items():
        if kind in ("genuine", "impostor", "impostor_all"):
            by_set[pair[0].split("/")[0]][kind != "genuine"].append(scores[pair])
    rows = []
    print("| set | genuine | impostor | EER % | FNMR at FMR 0.1 % | 95 % interval |\n|---|---|---|---|---|---|")
    for name, (genuine, impostor) in sorted(by_set.items()):
        eer, fnmr = 100 * equal_error_rate(genuine, impostor), 100 * fnmr_at(genuine, impostor, 0.001)
        low, high = (100 * x for x in wilson_interval(fnmr / 100 * len(genuine), len(genuine)))
        print(f"| {name} | {len(genuine)} | {len(impostor)} | {eer:.2f} | {fnmr:.2f} | {low:.2f} to {high:.2f} |")
        if name.startswith("fvc"):
            rows.append((eer, fnmr))
    if rows:
        eer, fnmr = np.mean(rows, 0)
        print(f"| mean of {len(rows)} FVC sets | | | {eer:.3f} | {fnmr:.3f} | |")


def main(graphs, data, out, *sets):
    pairs = read_pairs(data, sets)
    names = sorted({name for pair in pairs for name in pair})
    templates, extraction_s = extract_all(session(Path(graphs, "finger-extract.onnx")), data, names)
    scores, match_s = match_all(session(Path(graphs, "finger-match.onnx")), templates, pairs)
    with open(out, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("a", "b", "kind", "score"))
        writer.writerows((*pair, kind, f"{scores[pair]:.6f}") for pair, kind in pairs.items())
    report(scores, pairs)
    pooled = [s for pair, s in scores.items() if pairs[pair] in ("impostor", "impostor_all", "pooled")]
    genuine = [s for pair, s in scores.items() if pairs[pair] == "genuine"]
    if pooled and genuine:
        rates = ", ".join(f"{100 * fnmr_at(genuine, pooled, f):.2f} % at {f:g}" for f in (1e-3, 5e-4, 1e-4))
        print(f"pooled: {len(genuine)} genuine, {len(pooled)} impostor pairs; FNMR {rates}; highest impostor {max(pooled):.3f}")
    print(f"{len(names)} images, {extraction_s * 1e3:.1f} ms of CPU each; {len(pairs)} pairs, {match_s * 1e3:.3f} ms each")


if __name__ == "__main__":
    main(*sys.argv[1:])

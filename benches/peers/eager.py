#!/usr/bin/env python3
"""The runs that `counterpoise export` wrote, in PyTorch eager.

check   repeats the first steps from the same weights, with the same draws, and compares losses
pace    takes the time of training steps, as `counterpoise pace` does
suite   trains every run of the suite, one after another, and takes the time of all

Needs torch and nothing else.
"""

import argparse
import json
import math
import sys
import time
from pathlib import Path

from training import Run, make_deterministic

import torch

from draws import Keyed, Native


def wait(device):
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def apart(a, b):
    """The relative difference of two losses; infinite where it is no number."""
    if a == b:
        return 0.0
    difference = abs(a - b) / abs(b) if b else math.inf
    return difference if math.isfinite(difference) else math.inf


def check(arguments, folder, exported):
    """The largest relative difference of the losses of a run's first steps."""
    run = Run(folder, exported, Keyed, arguments.device)
    largest = 0.0
    for number, step in enumerate(exported["steps"]):
        loss = run.step(torch.tensor(step["rows"], device=arguments.device))
        if (loss is None) != (step["loss"] is None):
            raise SystemExit(f"{exported['cell']}: step {number} leaves examples here or there only")
        if loss is not None:
            largest = max(largest, apart(loss.item(), step["loss"]))
    return {"steps": len(exported["steps"]), "difference": largest}


def pace(arguments, folder, exported):
    """The seconds of a step."""
    run = Run(folder, exported, Native, arguments.device)
    last = arguments.warmup + arguments.steps
    started = time.perf_counter()
    while run.taken < last:
        for rows in run.batches():
            if run.taken == arguments.warmup:
                wait(arguments.device)
                started = time.perf_counter()
            run.step(rows)
            if run.taken == last:
                break
    wait(arguments.device)
    return {"seconds": (time.perf_counter() - started) / arguments.steps}


def suite(arguments, folder, exported):
    """The seconds of all runs of a cell, with the accuracy on every other split in each epoch."""
    started = time.perf_counter()
    for seed in range(exported["seeds"]):
        run = Run(folder, exported, Native, arguments.device)
        torch.manual_seed(seed)
        for _ in range(run.spec["protocol"]["epochs"]):
            for rows in run.batches():
                run.step(rows)
            for split in run.splits.keys() - {"train"}:
                run.accuracy(split)
    wait(arguments.device)
    return {"seconds": time.perf_counter() - started}


TASKS = {"check": check, "pace": pace, "suite": suite}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="what `counterpoise export` made")
    parser.add_argument("what", choices=TASKS)
    parser.add_argument("--device", type=torch.device, default="cpu", help="such as cuda:0")
    parser.add_argument("--steps", type=int, default=200, help="steps to time")
    parser.add_argument("--warmup", type=int, default=20, help="steps before those")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="of a relative difference")
    arguments = parser.parse_args()
    make_deterministic()

    cells = []
    for exported in json.loads((arguments.folder / "runs.json").read_text())["runs"]:
        result = TASKS[arguments.what](arguments, arguments.folder, exported)
        cells.append({"cell": exported["cell"], **result})
    print(json.dumps({"torch": torch.__version__, "cells": cells}, indent=2))
    wrong = [cell for cell in cells if arguments.tolerance < cell.get("difference", 0.0)]
    for cell in wrong:
        print(f"{cell['cell']}: the losses differ by {cell['difference']:.1e}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

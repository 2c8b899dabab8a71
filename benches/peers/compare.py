#!/usr/bin/env python3
"""Counterpoise against PyTorch eager: the same models, data, strategies and settings.

First PyTorch repeats the first steps of every cell, from the same weights and with the same
draws, and must come to the same losses. Then both take the same number of training steps, each in
a process of its own, turn by turn; the figure of a cell is the median over the rounds. With
--whole, both train the whole suite: Counterpoise as `suite` does, PyTorch one run after another.

Run it with a Python that has torch.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

EAGER = Path(__file__).with_name("eager.py")


def output_of(*command):
    process = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    if process.returncode != 0:
        sys.exit(process.returncode)
    return process.stdout


def seconds_of(output):
    return {cell["cell"]: cell["seconds"] for cell in json.loads(output)["cells"]}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("suite", help="a suite of the folder `suites`, or a YAML file")
    parser.add_argument("--program", default="target/release/counterpoise", help="Counterpoise")
    parser.add_argument("--device", default="cpu", help="such as tch-cpu or cuda:0")
    parser.add_argument("--filter", help="only some of the suite's runs, as for `suite`")
    parser.add_argument("--data", default="data", help="the folder of the prepared data")
    parser.add_argument("--check-only", action="store_true", help="compare losses, time nothing")
    parser.add_argument("--check-steps", type=int, default=20, help="steps to compare")
    parser.add_argument("--tolerance", default="1e-4", help="of a relative difference of losses")
    parser.add_argument("--steps", type=int, default=200, help="steps to time")
    parser.add_argument("--rounds", type=int, default=3, help="times that each is timed")
    parser.add_argument("--whole", action="store_true", help="time the whole suite, too")
    parser.add_argument("--jobs", type=int, help="runs at a time of Counterpoise on the device")
    arguments = parser.parse_args()

    runs = [arguments.suite, "--data", arguments.data, "--device", arguments.device]
    if arguments.filter:
        runs += ["--filter", arguments.filter]
    device = arguments.device if arguments.device.startswith("cuda") else "cpu"
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        first = folder / "first-steps"
        eager = partial(output_of, sys.executable, EAGER, first, "--device", device)
        steps = ["--steps", arguments.check_steps]
        output_of(arguments.program, "export", *runs, *steps, "--out", first)
        checked = json.loads(eager("check", "--tolerance", arguments.tolerance))
        largest = max(cell["difference"] for cell in checked["cells"])
        print(f"torch {checked['torch']}: the losses of the first {arguments.check_steps} steps")
        print(f"of {len(checked['cells'])} cells are equal to {largest:.1e}")
        if arguments.check_only:
            return

        ours, theirs = [], []
        steps = ["--steps", arguments.steps]
        for _ in range(arguments.rounds):
            pace = output_of(arguments.program, "pace", *runs, *steps, "--format", "json")
            ours.append(seconds_of(pace))
            theirs.append(seconds_of(eager("pace", *steps)))
        print(f"\nms a step, median of {arguments.rounds} times {arguments.steps} steps\n")
        print("| cell | Counterpoise | PyTorch | ratio |\n|---|--:|--:|--:|")
        ratios = []
        for cell in ours[0]:
            a, b = (statistics.median(times[cell] for times in side) for side in (ours, theirs))
            ratios.append(b / a)
            print(f"| {cell} | {a * 1e3:.3f} | {b * 1e3:.3f} | {b / a:.2f} |")
        print(f"\nmedian ratio {statistics.median(ratios):.2f}, smallest {min(ratios):.2f}")

        if arguments.whole:
            places = ["--store", folder / "runs", "--reports", folder / "reports"]
            jobs = ["--jobs", arguments.jobs] if arguments.jobs else []
            started = time.perf_counter()
            output_of(arguments.program, "suite", *runs, *jobs, *places)
            a = time.perf_counter() - started
            started = time.perf_counter()
            eager("suite")
            b = time.perf_counter() - started
            print(f"\nwhole suite: {a:.1f} s, PyTorch {b:.1f} s, ratio {b / a:.2f}")


if __name__ == "__main__":
    main()

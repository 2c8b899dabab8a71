"""Computes the statistics of a report again from its results.csv, by scipy and statsmodels, and holds
effects.csv, summary.csv and the table over data sets to them: every interval, p value, correction,
detectable difference and verdict.

usage: python3 statistics.py FOLDER [MARGIN]    MARGIN in percentage points, 1 where none is given
"""

import csv
import math
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy import optimize, stats
from statsmodels.stats.multitest import multipletests

LEVEL, POWER = 0.05, 0.8
ERRORS = []
CHECKED = defaultdict(int)


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def expect(what, place, found, expected, relative=2e-5, absolute=2e-6):
    """Holds a text of a sheet to a number, or to none."""
    CHECKED[what] += 1
    if expected is None or (isinstance(expected, float) and math.isnan(expected)):
        if found != "":
            ERRORS.append(f"{place}: {what} is {found}, not empty")
    elif isinstance(expected, (str, bool, int)) and not isinstance(expected, float):
        if found != str(expected).lower() and found != str(expected):
            ERRORS.append(f"{place}: {what} is {found}, not {expected}")
    elif found == "" or abs(float(found) - expected) > absolute + relative * abs(expected):
        ERRORS.append(f"{place}: {what} is {found}, not {expected}")


class Test:
    """A paired t test, and two one-sided ones against the margin."""

    def __init__(self, differences, margin, fraction, better):
        self.x = np.array(differences)
        self.n, self.better = len(self.x), better
        self.mean = self.x.mean() if self.n else None
        self.sd = self.x.std(ddof=1) if self.n > 1 else None
        if self.n > 1 and np.all(self.x == self.x[0]):
            self.sd = 0.0
        self.low = self.high = self.p = self.equivalent = None
        if self.sd is not None:
            half = stats.t.ppf(0.975, self.n - 1) * self.sd / math.sqrt(self.n)
            self.low, self.high = self.mean - half, self.mean + half
        if self.sd:
            self.p = stats.ttest_1samp(self.x, 0.0).pvalue
            if fraction:
                above = stats.ttest_1samp(self.x, -margin, alternative="greater").pvalue
                below = stats.ttest_1samp(self.x, margin, alternative="less").pvalue
                self.equivalent = max(above, below)
        elif self.n > 1 and self.mean == 0.0:
            self.p, self.equivalent = 1.0, 0.0 if fraction else None


def adjusted(p_values, method):
    """Corrected p values; tests without one still count in the family."""
    known = [1.0 if p is None else p for p in p_values]
    corrected = multipletests(known, LEVEL, method)[1] if known else []
    return [None if p is None else float(q) for p, q in zip(p_values, corrected)]


def smallest_effect(n, level):
    critical = stats.t.ppf(1 - level / 2, n - 1)
    shift = optimize.brentq(lambda d: stats.nct.sf(critical, n - 1, d) - POWER, 0.0, 1e4, xtol=1e-12)
    return shift / math.sqrt(n)


def verdict(test, p, equivalent):
    if test.p is not None and p is not None and p < LEVEL:
        return "better" if test.better * test.mean > 0 else "worse"
    if equivalent is not None and equivalent < LEVEL:
        return "equivalent"
    return "undecided" if test.p is not None else "not testable"


def judge(tests, method):
    """The corrected p values, of a difference and of equivalence, the detectable difference and the
    verdict of every test of a family."""
    p = adjusted([test.p for test in tests], method)
    equivalent = adjusted([test.equivalent for test in tests], method)
    found, n = sum(q is not None and q < LEVEL for q in p), len(tests)
    level = LEVEL / max(n - found, 1) if method == "holm" else LEVEL * min(found + 1, n) / max(n, 1)
    judged = []
    for test, q, e in zip(tests, p, equivalent):
        effect = smallest_effect(test.n, level) * test.sd if test.n > 1 else None
        judged.append((q, e, effect, verdict(test, q, e)))
    return judged


def hold(row, place, prefix, delta, test, judged, n_column):
    q, e, effect, said = judged
    expect("n", place, row[n_column], test.n if test.n else None)
    for name, value in [("mean", test.mean), ("sd", test.sd), ("low", test.low), ("high", test.high)]:
        expect(f"{name} of differences", place, row[f"{delta}_{name}"], value)
    expect("p", place, row[f"{prefix}p"], test.p)
    expect("corrected p", place, row[f"{prefix}p_adjusted"], q)
    expect("p of equivalence", place, row[f"{prefix}p_equivalent_adjusted"], e)
    expect("detectable difference", place, row[f"{prefix}detectable_delta"], effect, 1e-4)
    expect("verdict", place, row[f"{prefix}verdict"], said)


LOWER = {"loss", "mean-absolute-error"}
FRACTIONS = {"accuracy", "macro-f1", "mean-average-precision"}


def main():
    folder, margin = Path(sys.argv[1]), float((sys.argv[2:] or ["1"])[0]) / 100
    results, summary, effects = (rows(folder / f"{n}.csv") for n in ("results", "summary", "effects"))
    metric_of = {row["dataset"]: row["metric"] for row in effects}
    values = defaultdict(dict)
    for row in results:
        metric = metric_of.get(row["dataset"], "accuracy").replace("-", "_")
        if row["status"] == "finished":
            column = f"{row['selection'].replace('-', '_')}_test_{metric}"
            values[row["dataset"], row["fusion"], row["strategy"]][int(row["seed"])] = float(row[column])

    def test(pairs, metric):
        """Differences averaged over pairs of cells, for the seeds that all of them have."""
        seeds = [seed for seed in pairs[0][0] if all(seed in a and seed in b for a, b in pairs)]
        by_seed = {seed: np.mean([a[seed] - b[seed] for a, b in pairs]) for seed in seeds}
        better = -1 if metric in LOWER else 1
        return Test(list(by_seed.values()), margin, metric in FRACTIONS, better), by_seed

    def cells(row):
        key = lambda fusion, strategy: values[row["dataset"], fusion, strategy]
        return [(key(f, row["strategy"]), key(f, "joint")) for f in row["fusions"].split("+")]

    # The primary family, and the one against the best modality alone.
    tests = [test(cells(row), row["metric"]) for row in effects]
    primary = judge([t for t, _ in tests], "holm")
    alone = []
    for row in effects:
        rivals = {k: v for k, v in values.items() if k[0] == row["dataset"] and k[2].startswith("unimodal ")}
        sign = -1 if row["metric"] in LOWER else 1
        best = max(rivals, key=lambda k: sign * np.mean(list(rivals[k].values())), default=None)
        if best:
            expect("best modality", row["dataset"], row["best_modality"], best[2].removeprefix("unimodal "))
            alone.append(test([(a, rivals[best]) for a, _ in cells(row)], row["metric"])[0])
    against = iter(zip(alone, judge(alone, "holm")))
    for row, (t, _), judged in zip(effects, tests, primary):
        place = f"effects.csv: {row['dataset']} / {row['strategy']}"
        hold(row, place, "", "delta", t, judged, "n")
        side = t.n > 0 and (bool((t.x > 0).all()) or bool((t.x < 0).all()))
        expect("one sign", place, row["one_sided"], side if t.n else None)
        if row["best_modality"]:
            hold(row, place, "alone_", "delta_alone", *next(against), "n_alone")

    # Single cells, within the effects that are findings, and variants.
    gates = {(row["dataset"], row["strategy"]): judged[0] for row, judged in zip(effects, primary)}
    for family, method in [("secondary", "holm"), ("exploratory", "fdr_bh")]:
        of = [row for row in summary if row["family"] == family]
        metric = lambda row: metric_of.get(row["dataset"], "accuracy")
        key = lambda row, strategy: values[row["dataset"], row["fusion"], strategy]
        tests_of = [test([(key(r, r["strategy"]), key(r, "joint"))], metric(r))[0] for r in of]
        for row, t, (q, e, effect, _) in zip(of, tests_of, judge(tests_of, method)):
            if family == "secondary":
                gate = gates[row["dataset"], row["strategy"]]
                q = None if q is None or gate is None else max(q, gate)
            said = verdict(t, q, e)
            place = f"summary.csv: {row['dataset']} / {row['fusion']} / {row['strategy']}"
            hold(row, place, "", "delta", t, (q, e, effect, said), "n_pairs")

    # Estimates of cells.
    for row in summary:
        metric = metric_of.get(row["dataset"], "accuracy").replace("-", "_")
        x = np.array(list(values[row["dataset"], row["fusion"], row["strategy"]].values()))
        place = f"summary.csv: {row['dataset']} / {row['fusion']} / {row['strategy']}"
        if len(x) > 1:
            low, high = stats.t.interval(0.95, len(x) - 1, x.mean(), max(stats.sem(x), 1e-300))
            for name, value in [("mean", x.mean()), ("sd", x.std(ddof=1)), ("low", low), ("high", high)]:
                expect(f"{name} of a cell", place, row[f"{metric}_{name}"], value)

    over_data_sets(folder, effects, tests)
    total = sum(CHECKED.values())
    print("\n".join(ERRORS[:40]) or f"{total} numbers and verdicts of {folder} are those of scipy:")
    print(", ".join(f"{n} {what}" for what, n in sorted(CHECKED.items())))
    sys.exit(4 if ERRORS or not total else 0)


def pool(means, errors):
    """Paule and Mandel's random-effects mean with Hartung and Knapp's interval. The iteration of
    statsmodels does not converge where data sets differ by hundreds of errors; where it does, it agrees
    (see the test of src/stats/pooled.rs)."""

    def spread(tau2):
        weights = 1 / (errors**2 + tau2)
        centre = np.average(means, weights=weights)
        return (weights * (means - centre) ** 2).sum(), centre, weights

    excess = lambda tau2: spread(tau2)[0] - (len(means) - 1)
    tau2 = optimize.brentq(excess, 0.0, 1e8, xtol=1e-14) if excess(0.0) > 0 else 0.0
    squares, centre, weights = spread(tau2)
    error = math.sqrt(squares / ((len(means) - 1) * weights.sum()))
    half = stats.t.ppf(0.975, len(means) - 1) * error
    return float(centre), math.sqrt(tau2), float(centre - half), float(centre + half)


def over_data_sets(folder, effects, tests):
    """The table of strategies over data sets, as it is printed."""
    path = folder / "tables/effects-over-data-sets.md"
    if not path.exists():
        return
    first = effects[0]["metric"]
    sign = -1 if first in LOWER else 1
    of = defaultdict(list)
    for row, (t, by_seed) in zip(effects, tests):
        if row["metric"] == first:
            of[row["strategy"]].append((row["dataset"], t, by_seed))
    datasets = {d for entries in of.values() for d, _, _ in entries}
    everywhere = [s for s, entries in of.items() if {d for d, _, _ in entries} == datasets]
    ranks = defaultdict(list)
    for dataset in datasets:
        gains = {s: dict((d, b) for d, _, b in of[s])[dataset] for s in everywhere}
        for seed in set.intersection(*(set(b) for b in gains.values())) if gains else []:
            x = [0.0] + [sign * gains[s][seed] for s in everywhere]
            for s, rank in zip(["joint", *everywhere], stats.rankdata([-v for v in x])):
                ranks[s].append(rank)
    printed = [line.strip("|").split("|") for line in path.read_text().splitlines() if line.startswith("|")]
    for cells in printed[2:]:
        cells = [c.strip().replace("−", "-").replace("\\", "") for c in cells]
        name, place = cells[0], f"{path.name}: {cells[0]}"
        if ranks[name]:
            expect("mean rank", place, cells[7], float(np.mean(ranks[name])), 0, 0.0051)
        if name == "joint":
            continue
        x = np.concatenate([t.x for _, t, _ in of[name]])
        won = [np.mean(np.where(t.x == 0, 0.5, sign * t.x > 0)) for _, t, _ in of[name]]
        scale = 100 if first in FRACTIONS else 1
        expect("improvement", place, cells[6].rstrip(" %"), 100 * float(np.mean(won)), 0, 0.501)
        expect("interquartile mean", place, cells[5], scale * float(stats.trim_mean(x, 0.25)), 0, 0.051)
        means = np.array([scale * t.mean for _, t, _ in of[name]])
        errors = np.array([scale * t.sd / math.sqrt(t.n) if t.sd else 0.0 for _, t, _ in of[name]])
        if (errors > 0).all():
            mean, tau, low, high = pool(means, errors)
            expect("pooled effect", place, cells[2], mean, 0, 0.051)
            expect("spread of data sets", place, cells[4], tau, 0, 0.051)
            for text, value in zip(cells[3].strip("[]").split(","), (low, high)):
                expect("pooled interval", place, text.strip(), float(value), 0, 0.051)


if __name__ == "__main__":
    main()

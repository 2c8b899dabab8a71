//! The texts of suites that train in milliseconds.

/// Two strategies, two seeds: four runs.
pub(crate) const TINY: &str = "\
suite: tiny
title: Two strategies on made data
protocol: {preset: small, epochs: 2, batch_size: 16}
seeds: [0, 1]
datasets:
  - name: synthetic
    label: made
    train: 64
    validation: 32
    test: 32
    encoders: {a: {name: mlp, hidden: 8, features: 8}, b: {name: mlp, hidden: 8, features: 8}}
fusion: [concat]
strategies: [joint, ogm]
";

/// The shape of the shipped `smoke`: every fusion with every strategy, variants, three modalities.
pub(crate) const MATRIX: &str = "\
suite: matrix
title: Every part on made data
protocol: {preset: small, epochs: 2, batch_size: 16, schedule: {every: 1, gamma: 0.5}}
seeds: [0, 1]
datasets:
  - name: synthetic
    label: made
    train: 64
    validation: 32
    test: 32
    encoders: {a: {name: mlp, hidden: 8, features: 8}, b: {name: mlp, hidden: 8, features: 8}}
fusion: [sum, concat, film, gated]
strategies: [joint, ogm, ogm-ge, opm, ogm-ge+opm, modality-dropout, unimodal]
include:
  - dataset: made
    fusion: gated
    strategy: {name: opm, timing: lagged, p_exe: 1.0, rescale: false}
  - dataset: {name: synthetic, label: three, modalities: 3, train: 64, validation: 32, test: 32}
    fusion: sum
    strategy: {name: ogm, rule: journal-eq11}
";

/// `text` with its only `from` replaced.
#[track_caller]
pub(crate) fn edit(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "`{from}` must stand once in\n{text}");
    text.replace(from, to)
}

/// A suite called `div`, of a data set that trains and one that diverges in its first steps.
pub(crate) fn diverging() -> String {
    let (head, rest) = TINY.split_once("  - name").unwrap();
    let (calm, tail) = rest.split_once("fusion").unwrap();
    let wild = edit(calm, "made", "wild") + "    protocol: {optimizer: {lr: 1.0e+30}}\n";
    let text = format!("{head}  - name{calm}  - name{wild}fusion{tail}");
    edit(&text, "suite: tiny", "suite: div")
}

/// A suite called `mixed`, of the made data set and a real one that has to be fetched.
pub(crate) fn with_real_data() -> String {
    let text = edit(TINY, "datasets:\n", "datasets:\n  - {name: mfeat, views: [fac, zer]}\n");
    edit(&text, "suite: tiny", "suite: mixed")
}

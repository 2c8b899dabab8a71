//! Every strategy over all data sets, which are few and no sample of anything: descriptions, not tests.

use super::effect::Effect;
use crate::figure::data::distinct;
use crate::stats::pooled::{Pooled, pool};
use crate::stats::ranks::{improvement, interquartile_mean, ranks};
use crate::stats::summary::mean;
use crate::task::metric::Metric;

/// What a strategy does over data sets that are judged by one metric.
#[derive(Clone, Debug)]
pub struct Across {
    pub strategy: String,
    pub metric: Metric,
    pub n_datasets: usize,
    /// The random-effects mean of its effects; `None` where one data set has no spread.
    pub pooled: Option<Pooled>,
    /// The mean of the middle half of all differences to joint training.
    pub middle: Option<f64>,
    /// The share of replicates that are better than joint training, averaged over data sets.
    pub improvement: Option<f64>,
    /// The mean rank among joint training and all strategies that have a result in every replicate of
    /// every data set, 1 the best; `None` for others.
    pub rank: Option<f64>,
}

/// Every strategy with effects on two data sets of one metric or more, in order, and the mean rank of
/// joint training itself.
pub fn across(effects: &[Effect]) -> (Vec<Across>, Option<f64>) {
    let Some(metric) = effects.first().map(|effect| effect.metric) else {
        return Default::default();
    };
    let effects: Vec<&Effect> = effects.iter().filter(|effect| effect.metric == metric).collect();
    let strategies = distinct(effects.iter().map(|effect| effect.strategy.as_str()));
    let (ranked, of_joint) = mean_ranks(&effects, &strategies, metric);
    let rows = strategies.iter().zip(ranked).filter_map(|(strategy, rank)| {
        let of: Vec<&Effect> =
            effects.iter().copied().filter(|effect| effect.strategy == *strategy).collect();
        let gains = |effect: &Effect| gains(effect, metric);
        let all: Vec<f64> = of.iter().flat_map(|effect| differences(effect)).collect();
        let won: Option<Vec<f64>> = of.iter().map(|effect| improvement(&gains(effect))).collect();
        let estimates: Option<Vec<(f64, f64)>> = of.iter().map(|effect| error(effect)).collect();
        (1 < of.len()).then(|| Across {
            strategy: strategy.to_string(),
            metric,
            n_datasets: of.len(),
            pooled: estimates.and_then(|estimates| pool(&estimates)),
            middle: interquartile_mean(&all),
            improvement: won.and_then(|won| mean(&won)),
            rank,
        })
    });
    (rows.collect(), of_joint)
}

fn differences(effect: &Effect) -> impl Iterator<Item = f64> + '_ {
    effect.differences.iter().map(|(_, difference)| *difference)
}

/// The differences with the sign that makes more better.
fn gains(effect: &Effect, metric: Metric) -> Vec<f64> {
    differences(effect).map(|difference| metric.better.sign() * difference).collect()
}

/// The mean difference and its standard error.
fn error(effect: &Effect) -> Option<(f64, f64)> {
    let difference = effect.judged.test?.difference;
    Some((difference.mean, difference.sd? / (difference.n as f64).sqrt()))
}

/// The mean rank of every strategy, over data sets and replicates, and that of joint training.
fn mean_ranks(
    effects: &[&Effect],
    strategies: &[&str],
    metric: Metric,
) -> (Vec<Option<f64>>, Option<f64>) {
    let datasets = distinct(effects.iter().map(|effect| effect.dataset.as_str()));
    let find = |dataset: &str, strategy: &str| {
        effects.iter().find(|effect| effect.dataset == dataset && effect.strategy == strategy)
    };
    let everywhere: Vec<&str> = strategies
        .iter()
        .copied()
        .filter(|strategy| datasets.iter().all(|dataset| find(dataset, strategy).is_some()))
        .collect();
    // Joint training first, whose difference to itself is 0.
    let mut all: Vec<Vec<f64>> = vec![Vec::new(); 1 + everywhere.len()];
    for dataset in &datasets {
        let of: Vec<&&Effect> = everywhere.iter().filter_map(|name| find(dataset, name)).collect();
        let seeds = of.first().map_or(Vec::new(), |effect| effect.differences.clone());
        for (seed, _) in seeds {
            let of_seed = |effect: &&&Effect| {
                let mut known = effect.differences.iter();
                let (_, difference) = known.find(|(other, _)| *other == seed)?;
                Some(metric.better.sign() * difference)
            };
            let Some(gains) = of.iter().map(of_seed).collect::<Option<Vec<f64>>>() else {
                continue;
            };
            let ranked = ranks(&[vec![0.0], gains].concat());
            all.iter_mut().zip(ranked).for_each(|(known, rank)| known.push(rank));
        }
    }
    let means: Vec<Option<f64>> = all.iter().map(|ranks| mean(ranks)).collect();
    let of = |strategy: &&str| {
        let at = everywhere.iter().position(|known| known == strategy)?;
        means[1 + at]
    };
    (strategies.iter().map(of).collect(), means[0].filter(|_| !everywhere.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::verdict::{Correction, judge};
    use crate::stats::paired::paired;
    use crate::task::metric::ACCURACY;

    fn effect(dataset: &str, strategy: &str, differences: &[f64]) -> Effect {
        let tests = [(paired(differences), ACCURACY)];
        Effect {
            dataset: dataset.into(),
            strategy: strategy.into(),
            metric: ACCURACY,
            pairs: vec![(0, 0)],
            differences: (0..).zip(differences.iter().copied()).collect(),
            judged: judge(&tests, 0.01, Correction::Holm)[0],
            alone: None,
        }
    }

    #[test]
    fn a_strategy_is_described_over_the_data_sets_that_it_has() {
        let effects = [
            effect("a", "ogm", &[0.02, 0.04]),
            effect("a", "opm", &[-0.01, 0.05]),
            effect("b", "ogm", &[0.01, -0.01]),
            effect("b", "opm", &[0.03, 0.0]),
            effect("a", "late", &[0.5, 0.5]),
        ];
        let (rows, joint) = across(&effects);
        let names: Vec<&str> = rows.iter().map(|row| row.strategy.as_str()).collect();
        assert_eq!(names, ["ogm", "opm"], "one data set is no description over data sets");
        assert_eq!((rows[0].n_datasets, rows[0].improvement), (2, Some(0.75)));
        assert_eq!(rows[1].improvement, Some(0.625));
        // Of a: ogm, joint, opm and opm, ogm, joint; of b: opm, ogm, joint and joint = opm, ogm.
        assert_eq!(rows[0].rank, Some((1.0 + 2.0 + 2.0 + 3.0) / 4.0));
        assert_eq!(rows[1].rank, Some((3.0 + 1.0 + 1.0 + 1.5) / 4.0));
        assert_eq!(joint, Some((2.0 + 3.0 + 3.0 + 1.5) / 4.0));
        assert!((rows[0].middle.unwrap() - 0.015).abs() < 1e-12);
        assert!(rows[0].pooled.is_some());
    }
}

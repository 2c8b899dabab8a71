//! How two sets of tensors differ.

use super::NamedTensor;
use serde::Serialize;
use std::collections::BTreeMap;

/// A tensor that is not the same in both sets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    pub path: String,
    #[serde(flatten)]
    pub change: Change,
}

/// What is not the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    OnlyInFirst,
    OnlyInSecond,
    /// Shape or dtype.
    Form {
        first: String,
        second: String,
    },
    Values {
        /// The number of values that differ, of how many.
        differing: usize,
        of: usize,
        /// The largest absolute difference; infinite where a value is not finite.
        largest: f64,
        /// That, divided by the tensor's largest absolute value in the first set.
        relative: f64,
    },
}

impl Change {
    fn weight(&self) -> f64 {
        match self {
            Change::Values { relative, .. } => *relative,
            _ => f64::INFINITY,
        }
    }
}

/// The tensors that differ, the largest relative difference first.
pub fn differences(first: &[NamedTensor], second: &[NamedTensor]) -> Vec<Difference> {
    let by_path = |tensors: &[NamedTensor]| -> BTreeMap<String, usize> {
        tensors.iter().enumerate().map(|(i, tensor)| (tensor.path.clone(), i)).collect()
    };
    let (in_first, in_second) = (by_path(first), by_path(second));
    let mut paths: Vec<&String> = in_first.keys().chain(in_second.keys()).collect();
    paths.sort();
    paths.dedup();
    let mut differences: Vec<Difference> = paths
        .into_iter()
        .filter_map(|path| {
            let change = match (in_first.get(path), in_second.get(path)) {
                (Some(a), Some(b)) => change(&first[*a], &second[*b])?,
                (Some(_), None) => Change::OnlyInFirst,
                _ => Change::OnlyInSecond,
            };
            Some(Difference { path: path.clone(), change })
        })
        .collect();
    differences.sort_by(|a, b| b.change.weight().total_cmp(&a.change.weight()));
    differences
}

fn change(first: &NamedTensor, second: &NamedTensor) -> Option<Change> {
    if first == second {
        return None;
    }
    let form = |tensor: &NamedTensor| format!("{:?} {:?}", tensor.dtype, tensor.shape);
    let (a, b) = match (first.to_f64(), second.to_f64()) {
        (Ok(a), Ok(b)) if form(first) == form(second) => (a, b),
        _ => return Some(Change::Form { first: form(first), second: form(second) }),
    };
    let pairs = || a.iter().zip(&b).filter(|(x, y)| x.to_bits() != y.to_bits());
    let finite = |x: f64| if x.is_nan() { f64::INFINITY } else { x };
    let largest = pairs().map(|(x, y)| finite((x - y).abs())).fold(0.0, f64::max);
    let scale = a.iter().map(|x| finite(x.abs())).fold(0.0, f64::max);
    let relative = if largest == 0.0 { 0.0 } else { finite(largest / scale) };
    Some(Change::Values { differing: pairs().count(), of: a.len(), largest, relative })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_named_and_the_largest_first() {
        let first = [
            NamedTensor::f32("same", vec![2], &[1.0, 2.0]),
            NamedTensor::f32("little", vec![2], &[1.0, 2.0]),
            NamedTensor::f32("much", vec![1], &[1.0]),
            NamedTensor::f32("gone", vec![1], &[1.0]),
            NamedTensor::f32("shape", vec![1], &[1.0]),
        ];
        let second = [
            NamedTensor::f32("much", vec![1], &[f32::NAN]),
            NamedTensor::f32("little", vec![2], &[1.0, 2.5]),
            NamedTensor::f32("same", vec![2], &[1.0, 2.0]),
            NamedTensor::f32("shape", vec![1, 1], &[1.0]),
        ];
        let found = differences(&first, &second);
        let paths: Vec<&str> = found.iter().map(|d| d.path.as_str()).collect();
        assert_eq!(paths, ["gone", "much", "shape", "little"]);
        let little = Change::Values { differing: 1, of: 2, largest: 0.5, relative: 0.25 };
        assert_eq!(found[3].change, little);
        assert!(differences(&first, &first).is_empty());
    }

    #[test]
    fn a_change_of_sign_of_zero_is_a_difference_of_nothing() {
        let tensor = |x: f32| [NamedTensor::f32("w", vec![1], &[x])];
        let change = Change::Values { differing: 1, of: 1, largest: 0.0, relative: 0.0 };
        assert_eq!(differences(&tensor(0.0), &tensor(-0.0))[0].change, change);
    }
}

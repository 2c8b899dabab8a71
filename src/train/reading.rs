//! What steps tell, read from the device several steps at a time.
//!
//! Reading makes the host wait for the device. So a step leaves its scalars there, in one tensor,
//! and only their names and the arithmetic on them wait here.

use crate::device;
use crate::strategy::Traced;
use crate::strategy::coefficient::ratios;
use burn::tensor::Tensor;
use std::collections::BTreeMap;

/// The scalars of one step, still on the device.
pub struct Readings {
    pub epoch: usize,
    pub step: usize,
    modalities: Vec<String>,
    /// Examples in the batch.
    examples: usize,
    losses: usize,
    /// The modality of each square.
    squares: Vec<usize>,
    /// Scalars of the strategy: known, or by the number of values that it left on the device.
    known: Vec<(String, f64)>,
    pending: Vec<String>,
    /// In the widest float type of the device: losses, score sums, squares, then what is pending.
    values: Tensor<1>,
}

/// What a step computes for its scalars: `[1]` or `[n]` tensors on the device.
pub struct Raw<'a> {
    pub modalities: &'a [String],
    pub examples: usize,
    /// One of each loss.
    pub losses: Vec<Tensor<1>>,
    /// The score sum of each modality.
    pub scores: Tensor<1>,
    /// The encoder's index of each gradient of an encoder, and their sums of squares.
    pub squares: (Vec<usize>, Option<Tensor<1>>),
    /// By prefix; one value per modality.
    pub traced: Vec<(&'static str, Traced)>,
}

impl Readings {
    pub fn new(epoch: usize, step: usize, raw: Raw<'_>) -> Self {
        let Raw { modalities, examples, losses, scores, squares, traced } = raw;
        let n_losses = losses.len();
        let (owners, squares) = squares;
        let single = losses.into_iter().chain([scores]).chain(squares).collect();
        let single = Tensor::cat(single, 0);
        let widest = device::widest(&single.device());
        let mut values = vec![single.cast(widest)];
        let (mut known, mut pending) = (Vec::new(), Vec::new());
        for (prefix, traced) in traced {
            let names = modalities.iter().map(|name| format!("{prefix}.{name}"));
            match traced {
                Traced::Known(scalars) => known.extend(names.zip(scalars)),
                Traced::Pending(tensor) => {
                    pending.extend(names);
                    values.push(tensor.cast(widest));
                }
            }
        }
        Self {
            epoch,
            step,
            modalities: modalities.to_vec(),
            examples,
            losses: n_losses,
            squares: owners,
            known,
            pending,
            values: Tensor::cat(values, 0),
        }
    }

    /// Reads the scalars of several steps with one transfer, in order.
    pub fn read(steps: Vec<Self>) -> Vec<(usize, usize, BTreeMap<String, f64>)> {
        if steps.is_empty() {
            return Vec::new();
        }
        let all = steps.iter().map(|step| step.values.clone()).collect();
        let values: Vec<f64> = Tensor::cat(all, 0).into_data().iter::<f64>().collect();
        let mut rest = values.as_slice();
        steps
            .into_iter()
            .map(|step| {
                let (own, others) = rest.split_at(step.values.dims()[0]);
                rest = others;
                (step.epoch, step.step, step.scalars(own))
            })
            .collect()
    }

    /// The scalars by name: `loss`; and of each modality `score`, the mean over the batch, `rho`,
    /// `grad-norm`, the Euclidean norm of its encoder's gradient before modulation, and what the
    /// strategy traces.
    fn scalars(&self, values: &[f64]) -> BTreeMap<String, f64> {
        let (losses, values) = values.split_at(self.losses);
        let (scores, values) = values.split_at(self.modalities.len());
        let (squares, pending) = values.split_at(self.squares.len());
        let mut sums = vec![0.0; self.modalities.len()];
        self.squares.iter().zip(squares).for_each(|(owner, square)| sums[*owner] += square);
        let rho = ratios(scores);
        let mut scalars = BTreeMap::from([("loss".to_string(), losses.iter().sum())]);
        for (m, name) in self.modalities.iter().enumerate() {
            scalars.insert(format!("score.{name}"), scores[m] / self.examples as f64);
            scalars.insert(format!("rho.{name}"), rho[m]);
            scalars.insert(format!("grad-norm.{name}"), libm::sqrt(sums[m]));
        }
        scalars.extend(self.known.iter().cloned());
        scalars.extend(self.pending.iter().cloned().zip(pending.iter().copied()));
        scalars
    }
}

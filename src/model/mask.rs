//! Which modalities a model sees.

use burn::tensor::Tensor;

/// A set of modalities, by their indices in model order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mask {
    kept: u32,
    modalities: usize,
}

impl Mask {
    /// All of so many modalities.
    pub fn all(modalities: usize) -> Self {
        Self { kept: (1 << modalities) - 1, modalities }
    }

    /// One of so many modalities.
    pub fn only(modality: usize, modalities: usize) -> Self {
        Self { kept: 1 << modality, modalities }
    }

    /// All of so many modalities but one.
    pub fn all_but(modality: usize, modalities: usize) -> Self {
        let all = Self::all(modalities);
        Self { kept: all.kept & !(1 << modality), ..all }
    }

    /// Its place among [`Mask::coalitions`].
    pub fn place(self) -> usize {
        self.kept as usize
    }

    /// Every set of so many modalities, the empty one first and that of all last: bit m of a set's
    /// place tells whether modality m is in it.
    pub fn coalitions(modalities: usize) -> impl Iterator<Item = Self> {
        (0..1 << modalities).map(move |kept| Self { kept, modalities })
    }

    pub fn has(self, modality: usize) -> bool {
        self.kept & (1 << modality) != 0
    }

    pub fn is_all(self) -> bool {
        self == Self::all(self.modalities)
    }

    /// The tensors of the modalities, one each, with those that are not in the set zero.
    pub fn zero_out(self, tensors: &[Tensor<2>]) -> Vec<Tensor<2>> {
        let kept = |(m, x): (usize, &Tensor<2>)| {
            if self.has(m) { x.clone() } else { x.zeros_like() }
        };
        tensors.iter().enumerate().map(kept).collect()
    }
}

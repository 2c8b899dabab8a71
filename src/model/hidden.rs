//! What flows between the stages of an encoder.

use burn::tensor::Tensor;

/// The output of a stage. The second axis is that of the channels.
#[derive(Clone, Debug)]
pub enum Hidden {
    /// `[batch, channel]`.
    Flat(Tensor<2>),
    /// `[batch, channel, time]`.
    Series(Tensor<3>),
    /// `[batch * frames, channel, height, width]`; one frame but for a clip.
    Map { maps: Tensor<4>, frames: usize },
}

impl Hidden {
    /// The mean of every channel over its positions and frames: `[batch, channel]`.
    pub fn squeeze(&self) -> Tensor<2> {
        match self {
            Self::Flat(x) => x.clone(),
            Self::Series(x) => x.clone().mean_dim(2).squeeze_dim(2),
            Self::Map { maps, frames } => {
                let [rows, channels, height, width] = maps.dims();
                maps.clone()
                    .reshape([rows / frames, *frames, channels, height * width])
                    .mean_dim(3)
                    .mean_dim(1)
                    .reshape([rows / frames, channels])
            }
        }
    }

    /// Every channel times its gate, `[batch, channel]`.
    pub fn gated(self, gate: Tensor<2>) -> Self {
        match self {
            Self::Flat(x) => Self::Flat(x * gate),
            Self::Series(x) => Self::Series(x * gate.unsqueeze_dim(2)),
            Self::Map { maps, frames } => {
                let [batch, channels] = gate.dims();
                let gate = gate.reshape([batch, 1, channels]).repeat_dim(1, frames).reshape([
                    batch * frames,
                    channels,
                    1,
                    1,
                ]);
                Self::Map { maps: maps * gate, frames }
            }
        }
    }
}

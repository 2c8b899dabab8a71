//! A multilayer perceptron on the flattened input.

use super::Stages;
use crate::data::Shape;
use crate::device::Place;
use crate::model::hidden::Hidden;
use crate::model::layers::{linear, relu};
use crate::registry::Params;
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;

/// `depth` hidden layers and a feature layer, each followed by ReLU.
#[derive(Module, Debug)]
pub struct Mlp {
    layers: Vec<Linear>,
}

impl Mlp {
    pub fn new(params: &Params, shape: Shape, place: &Place) -> Self {
        let mut sizes = vec![shape.size()];
        sizes.extend(std::iter::repeat_n(params.count("hidden"), params.count("depth")));
        sizes.push(params.count("features"));
        Self { layers: sizes.windows(2).map(|pair| linear(pair[0], pair[1], place)).collect() }
    }
}

impl Stages for Mlp {
    fn count(&self) -> usize {
        self.layers.len() - 1
    }

    fn enter(&self, x: Tensor<2>) -> Hidden {
        Hidden::Flat(x)
    }

    fn stage(&self, index: usize, x: Hidden) -> Hidden {
        let Hidden::Flat(x) = x else { unreachable!("its stages are flat") };
        Hidden::Flat(relu(self.layers[index].forward(x)))
    }

    fn leave(&self, x: Hidden) -> Tensor<2> {
        let Hidden::Flat(x) = self.stage(self.count(), x) else {
            unreachable!("as any other layer")
        };
        x
    }
}

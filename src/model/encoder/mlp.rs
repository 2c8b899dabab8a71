//! A multilayer perceptron on the flattened input.

use crate::data::Shape;
use crate::device::Place;
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

    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.layers.iter().fold(x, |x, layer| relu(layer.forward(x)))
    }
}

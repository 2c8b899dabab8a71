//! A multilayer perceptron on the flattened input.

use super::{Build, Encoder, FEATURES, Stages};
use crate::data::Shape;
use crate::device::Place;
use crate::model::hidden::Hidden;
use crate::model::layers::Linear;
use crate::registry::{Domain, Entry, Fallback, Param, Params};
use crate::suite::catalog::Sizes;
use burn::module::Module;
use burn::tensor::Tensor;

pub(super) const ENTRY: Entry<Build> = Entry {
    name: "mlp",
    summary: "fully connected layers with ReLU, on the flattened input",
    params: &[
        Param {
            name: "hidden",
            summary: "width of the hidden layers",
            domain: Domain::Int { min: 1, max: 4096 },
            default: Fallback::Int(64),
        },
        Param {
            name: "depth",
            summary: "number of hidden layers",
            domain: Domain::Int { min: 0, max: 8 },
            default: Fallback::Int(1),
        },
        FEATURES,
    ],
    revision: 1,
    build: Build {
        accepts: |_| Ok(()),
        sizes: |params| Sizes {
            features: params.count("features"),
            stages: vec![params.count("hidden"); params.count("depth")],
        },
        seconds: |params, shape| {
            let hidden = params.count("hidden");
            let inner = hidden * params.count("depth").saturating_sub(1);
            1.5e-10 * (hidden * (shape.size() + inner + params.count("features"))) as f64
        },
        build: |params, shape, place| Encoder::Mlp(Mlp::new(params, shape, place)),
    },
};

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
        Self { layers: sizes.windows(2).map(|pair| Linear::new(pair[0], pair[1], place)).collect() }
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
        Hidden::Flat(self.layers[index].forward_relu(x))
    }

    fn leave(&self, x: Hidden) -> Tensor<2> {
        let Hidden::Flat(x) = self.stage(self.count(), x) else {
            unreachable!("as any other layer")
        };
        x
    }
}

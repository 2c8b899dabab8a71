//! The tensors of a model by stable path: gradients, updates, snapshots.
//!
//! Paths are PyTorch state-dict names with the modality's name for its encoder, such as
//! `encoder.audio.conv1.weight`. Groups are explicit and never found in a path.

use super::layers::Linear;
use super::{Head, Model};
use crate::checkpoint::{Dtype, NamedTensor};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Gradients, Tensor, TensorData};

/// The part of the model a parameter belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// The encoder of the modality with this index.
    Encoder(usize),
    /// The fusion.
    Fusion,
    /// The head of the strategy's own with this index.
    Head(usize),
}

/// What is known of a tensor of the model, beside its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    pub path: String,
    pub group: Group,
    pub kind: Kind,
    /// The shape in PyTorch's layout: that of a linear weight is `[out, in]`.
    pub shape: Vec<usize>,
}

/// The role of a tensor, which decides how it starts and whether it is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    LinearWeight,
    ConvWeight,
    NormWeight,
    Bias,
    RunningMean,
    RunningVar,
}

impl Kind {
    /// Whether the tensor is a buffer: kept and hashed, but not trained.
    pub fn is_buffer(self) -> bool {
        matches!(self, Kind::RunningMean | Kind::RunningVar)
    }

    fn of(layer: &str, name: &str) -> Self {
        match (layer, name) {
            ("Struct:Linear", "weight") => Kind::LinearWeight,
            ("Struct:BatchNorm", "weight") => Kind::NormWeight,
            (_, "weight") => Kind::ConvWeight,
            (_, "bias") => Kind::Bias,
            (_, "running_mean") => Kind::RunningMean,
            (_, "running_var") => Kind::RunningVar,
            (layer, name) => unreachable!("no role is known for `{name}` of {layer}"),
        }
    }
}

/// The gradient of one parameter, and the parameter's own value, both flattened in burn's layout
/// and off the autodiff graph.
#[derive(Clone, Debug)]
pub struct Gradient {
    pub site: Site,
    pub parameter: Tensor<1>,
    pub value: Tensor<1>,
}

/// Takes the gradient of every parameter, in model order. A parameter that the loss does not
/// depend on has none.
pub fn take_gradients(model: &Model, names: &[String], grads: Gradients) -> Vec<Gradient> {
    struct Take {
        walk: Walk,
        grads: Gradients,
        taken: Vec<Gradient>,
    }
    impl ModuleVisitor for Take {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.walk.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.walk.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let parameter = param.val();
            let site = self.walk.site(parameter.dims().to_vec());
            if let Some(value) = parameter.grad_remove(&mut self.grads) {
                let parameter = flatten(parameter.without_autodiff());
                self.taken.push(Gradient { site, parameter, value: flatten(value) });
            }
        }
    }
    let mut take = Take { walk: Walk::default(), grads, taken: Vec::new() };
    each_part(model, names, |prefix, group, part| {
        take.walk = Walk::new(prefix, group);
        part.visit(&mut take);
    });
    take.taken
}

/// A part of the model to visit.
enum PartRef<'a> {
    Encoder(&'a super::Encoder),
    Fusion(&'a super::Fusion),
    Head(&'a Linear),
}

impl PartRef<'_> {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        match self {
            PartRef::Encoder(encoder) => encoder.visit(visitor),
            PartRef::Fusion(fusion) => fusion.visit(visitor),
            PartRef::Head(head) => head.visit(visitor),
        }
    }
}

fn each_part(model: &Model, names: &[String], mut visit: impl FnMut(String, Group, PartRef<'_>)) {
    for (m, (encoder, name)) in model.encoders.iter().zip(names).enumerate() {
        visit(format!("encoder.{name}"), Group::Encoder(m), PartRef::Encoder(encoder));
    }
    visit("fusion".into(), Group::Fusion, PartRef::Fusion(&model.fusion));
    for (i, Head { name, linear }) in model.heads.iter().enumerate() {
        visit(format!("head.{name}"), Group::Head(i), PartRef::Head(linear));
    }
}

/// Replaces the values of every parameter and buffer for which `update` gives new ones. Values
/// pass flattened, in burn's layout, and off the autodiff graph.
pub fn update(
    model: Model,
    names: &[String],
    update: impl FnMut(&Site, &Tensor<1>) -> Option<Tensor<1>>,
) -> Model {
    struct Map<F> {
        walk: Walk,
        update: F,
    }
    impl<F: FnMut(&Site, &Tensor<1>) -> Option<Tensor<1>>> ModuleMapper for Map<F> {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.walk.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.walk.exit();
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let shape = param.val().dims();
            let site = self.walk.site(shape.to_vec());
            let (id, tensor, mapper) = param.consume();
            let autodiff = tensor.is_autodiff();
            let trained = !site.kind.is_buffer();
            let old = flatten(tensor.clone().without_autodiff());
            let tensor = match (self.update)(&site, &old) {
                None => tensor,
                Some(new) => {
                    let new = new.reshape(shape);
                    let new = if autodiff { Tensor::from_inner(new) } else { new };
                    new.set_require_grad(trained)
                }
            };
            Param::from_mapped_value(id, tensor, mapper)
        }
    }
    let mut map = Map { walk: Walk::default(), update };
    let encoders = model
        .encoders
        .into_iter()
        .zip(names)
        .enumerate()
        .map(|(m, (encoder, name))| {
            map.walk = Walk::new(format!("encoder.{name}"), Group::Encoder(m));
            encoder.map(&mut map)
        })
        .collect();
    map.walk = Walk::new("fusion".into(), Group::Fusion);
    let fusion = model.fusion.map(&mut map);
    let heads = model
        .heads
        .into_iter()
        .enumerate()
        .map(|(i, Head { name, linear })| {
            map.walk = Walk::new(format!("head.{name}"), Group::Head(i));
            Head { name, linear: linear.map(&mut map) }
        })
        .collect();
    Model { encoders, fusion, heads }
}

/// Every parameter and buffer with its values in PyTorch's layout, in model order.
///
/// Buffers are read as of the last training step, which is why a copy in evaluation mode is made.
pub fn snapshot(model: &Model, names: &[String]) -> Vec<(Site, NamedTensor)> {
    struct Read {
        walk: Walk,
        tensors: Vec<(Site, NamedTensor)>,
    }
    impl ModuleVisitor for Read {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.walk.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.walk.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let site = self.walk.site(param.val().dims().to_vec());
            let value = flatten(param.val());
            let data = to_torch(&site, value).into_data();
            let tensor = named(site.path.clone(), site.shape.clone(), &data);
            self.tensors.push((site, tensor));
        }
    }
    let valid = model.valid();
    let mut read = Read { walk: Walk::default(), tensors: Vec::new() };
    each_part(&valid, names, |prefix, group, part| {
        read.walk = Walk::new(prefix, group);
        part.visit(&mut read);
    });
    read.tensors
}

/// A tensor's data under a path, keeping its float type.
pub fn named(path: String, shape: Vec<usize>, data: &TensorData) -> NamedTensor {
    let dtype = match data.dtype() {
        DType::F64 => Dtype::F64,
        DType::F32 => Dtype::F32,
        other => unreachable!("a model of {other:?} is never made"),
    };
    NamedTensor { path, dtype, shape, bytes: data.as_bytes().to_vec() }
}

/// Flattened values from burn's layout to PyTorch's.
pub fn to_torch(site: &Site, value: Tensor<1>) -> Tensor<1> {
    match (site.kind, site.shape.as_slice()) {
        (Kind::LinearWeight, &[outputs, inputs]) => {
            flatten(value.reshape([inputs, outputs]).transpose())
        }
        _ => value,
    }
}

/// Flattened values from PyTorch's layout to burn's.
pub fn from_torch(site: &Site, value: Tensor<1>) -> Tensor<1> {
    match (site.kind, site.shape.as_slice()) {
        (Kind::LinearWeight, &[outputs, inputs]) => {
            flatten(value.reshape([outputs, inputs]).transpose())
        }
        _ => value,
    }
}

fn flatten<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    let n = tensor.shape().num_elements();
    tensor.reshape([n])
}

/// The path of a walk through a module.
#[derive(Default)]
struct Walk {
    prefix: String,
    group: Option<Group>,
    /// Names entered and the type of the container of each.
    stack: Vec<(String, String)>,
}

impl Walk {
    fn new(prefix: String, group: Group) -> Self {
        Self { prefix, group: Some(group), stack: Vec::new() }
    }

    fn enter(&mut self, name: &str, container: &str) {
        self.stack.push((name.into(), container.into()));
    }

    fn exit(&mut self) {
        self.stack.pop();
    }

    /// The tensor at this point; `dims` are in burn's layout.
    fn site(&self, mut dims: Vec<usize>) -> Site {
        let mut path = self.prefix.clone();
        for (name, container) in &self.stack {
            // The name of an enum's variant says which encoder it is, not where the tensor is.
            if !container.starts_with("Enum:") {
                path.push('.');
                path.push_str(name);
            }
        }
        let (name, layer) = self.stack.last().expect("a tensor is a field of a module");
        let kind = Kind::of(layer, name);
        if kind == Kind::LinearWeight {
            dims.reverse();
        }
        let group = self.group.expect("a walk begins in a group");
        Site { path, group, kind, shape: dims }
    }
}

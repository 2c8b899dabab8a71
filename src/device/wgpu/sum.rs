//! The sum of all values of a tensor, as a sum of rows.

use burn::tensor::Tensor;

/// The values of a row.
const ROW: usize = 1024;

/// The sum of all values: column by column down the rows, and then across, and last what fills no
/// row. Every one of these is added up by one thread, in order.
pub(crate) fn sum<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    let n = x.dims().iter().product::<usize>();
    let x = x.reshape([n]);
    let full = n - n % ROW;
    let across = |x: Tensor<1>| {
        let n = x.dims()[0];
        x.reshape([1, n]).sum_dim(1).reshape([1])
    };
    let rows = |x: Tensor<1>| x.reshape([full / ROW, ROW]).sum_dim(0).reshape([ROW]);
    match (full, n - full) {
        (0, _) => across(x),
        (_, 0) => across(rows(x)),
        _ => across(rows(x.clone().slice(0..full))) + across(x.slice(full..n)),
    }
}

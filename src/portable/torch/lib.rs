//! libtorch's settings for equal bits, the facts that bits depend on, and kernels.
//!
//! All of it stands in libtorch's C++ interface or in the driver's libraries, which no Rust crate
//! opens: `shim.cpp` does. Device numbers count the devices that `CUDA_VISIBLE_DEVICES` leaves.

mod foreach;
mod kernels;

pub use foreach::{
    foreach_add, foreach_add_scalar, foreach_div, foreach_mul, foreach_mul_scalar, foreach_norm,
    foreach_sqrt,
};
pub use kernels::{
    Normalised, batch_norm, batch_norm_backward, convolution, convolution_backward,
};
pub use tch::Tensor;

use std::ffi::{CStr, c_char, c_int};

unsafe extern "C" {
    fn portable_torch_make_deterministic(threads: c_int, out: *mut c_char, size: usize) -> c_int;
    fn portable_torch_is_deterministic() -> c_int;
    fn portable_torch_fill_memory(fill: c_int);
    fn portable_torch_devices() -> c_int;
    fn portable_torch_has_cuda() -> c_int;
    fn portable_torch_cpu_facts(out: *mut c_char, size: usize) -> c_int;
    fn portable_torch_cuda_facts(index: c_int, out: *mut c_char, size: usize) -> c_int;
    fn portable_torch_memory(
        index: c_int,
        free: *mut u64,
        total: *mut u64,
        out: *mut c_char,
        size: usize,
    ) -> c_int;
    fn portable_torch_failed_allocations(
        index: c_int,
        failed: *mut u64,
        out: *mut c_char,
        size: usize,
    ) -> c_int;
    fn portable_torch_give_back_memory(out: *mut c_char, size: usize) -> c_int;
}

/// Room for what a function tells.
const ROOM: usize = 4096;

/// What a function tells: its text, or the message of its failure.
fn told(ask: impl FnOnce(*mut c_char, usize) -> c_int) -> Result<String, String> {
    let mut buffer = [0; ROOM];
    let status = ask(buffer.as_mut_ptr(), ROOM);
    // Safety: the shim ends what it writes with a zero within the room.
    let text = unsafe { CStr::from_ptr(buffer.as_ptr()) }.to_string_lossy().into_owned();
    if status == 0 { Ok(text) } else { Err(text) }
}

fn facts(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter_map(|line| line.split_once(": "));
    lines.map(|(key, value)| (key.into(), value.into())).collect()
}

/// Demands deterministic kernels of this process, so that an operation without one panics, full
/// single precision, and so many threads for kernels on the CPU.
///
/// # Errors
/// What libtorch says.
pub fn make_deterministic(threads: u16) -> Result<(), String> {
    // Safety: the shim writes within the room.
    told(|out, size| unsafe { portable_torch_make_deterministic(threads.into(), out, size) })?;
    Ok(())
}

/// Whether [`make_deterministic`] is in force.
pub fn is_deterministic() -> bool {
    // Safety: reads settings.
    unsafe { portable_torch_is_deterministic() != 0 }
}

/// Lets libtorch fill memory that it allocates with values that are not finite, or leave it as it
/// is, until the next [`make_deterministic`]. Filled, memory that a kernel reads before anything has
/// written it shows in what it computes.
pub fn fill_memory(fill: bool) {
    // Safety: sets a setting.
    unsafe { portable_torch_fill_memory(fill.into()) }
}

/// The number of CUDA devices that libtorch can use.
pub fn devices() -> usize {
    // Safety: takes and keeps nothing.
    usize::try_from(unsafe { portable_torch_devices() }).unwrap_or(0)
}

/// Whether the libtorch that is linked was built with CUDA.
pub fn has_cuda() -> bool {
    // Safety: takes and keeps nothing.
    unsafe { portable_torch_has_cuda() != 0 }
}

/// What bits depend on when kernels run on the CPU: versions, instruction set, threads.
///
/// # Errors
/// What libtorch says.
pub fn cpu_facts() -> Result<Vec<(String, String)>, String> {
    // Safety: the shim writes within the room.
    told(|out, size| unsafe { portable_torch_cpu_facts(out, size) }).map(|text| facts(&text))
}

/// What bits depend on when kernels run on a CUDA device: versions, the GPU's name, its
/// capability and number of multiprocessors.
///
/// # Errors
/// What libtorch or the driver says, or that there is no such device.
pub fn cuda_facts(index: u16) -> Result<Vec<(String, String)>, String> {
    // Safety: the shim writes within the room.
    told(|out, size| unsafe { portable_torch_cuda_facts(index.into(), out, size) })
        .map(|text| facts(&text))
}

/// Bytes of a CUDA device, over all processes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    pub free: u64,
    pub total: u64,
}

/// The memory of a CUDA device. Makes no context on it.
///
/// # Errors
/// What the driver says, or that there is none.
pub fn memory(index: u16) -> Result<Memory, String> {
    let mut memory = Memory { free: 0, total: 0 };
    // Safety: both numbers outlive the call, and the shim writes within the room.
    told(|out, size| unsafe {
        portable_torch_memory(index.into(), &mut memory.free, &mut memory.total, out, size)
    })?;
    Ok(memory)
}

/// How often an allocation of this process on a CUDA device has failed for good. Not every one is
/// an error: cuDNN tries another algorithm, with other bits, where its first choice lacks memory.
///
/// # Errors
/// What libtorch says.
pub fn failed_allocations(index: u16) -> Result<u64, String> {
    let mut failed = 0;
    // Safety: the number outlives the call, and the shim writes within the room.
    told(|out, size| unsafe {
        portable_torch_failed_allocations(index.into(), &mut failed, out, size)
    })?;
    Ok(failed)
}

/// Gives back the CUDA memory that this process keeps for later and does not use.
///
/// # Errors
/// What libtorch says.
pub fn give_back_memory() -> Result<(), String> {
    // Safety: the shim writes within the room.
    told(|out, size| unsafe { portable_torch_give_back_memory(out, size) }).map(|_| ())
}

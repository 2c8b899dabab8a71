// The settings, facts and operations of libtorch that no Rust crate reaches. See lib.rs.
//
// The driver is asked through libraries opened at run time, so that this builds without CUDA and
// runs without a GPU.

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_div.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_foreach_sqrt.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/native_batch_norm.h>
#include <ATen/ops/native_batch_norm_backward.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace {

// Copies what `write` tells, or the message of what it throws, and gives 0 or 1.
template <typename Write>
int told(char *out, size_t size, Write write) {
  std::string text;
  int status = 0;
  try {
    std::ostringstream stream;
    write(stream);
    text = stream.str();
  } catch (const std::exception &error) {
    text = error.what();
    status = 1;
  }
  size_t n = std::min(text.size(), size - 1);
  std::memcpy(out, text.data(), n);
  out[n] = '\0';
  return status;
}

// A function of a library of the driver.
template <typename Function>
Function *of_library(const char *library, const char *name) {
  void *handle = dlopen(library, RTLD_NOW | RTLD_GLOBAL);
  if (handle == nullptr) throw std::runtime_error(dlerror());
  void *function = dlsym(handle, name);
  if (function == nullptr) throw std::runtime_error(std::string(library) + " has no " + name);
  return reinterpret_cast<Function *>(function);
}

void check(int status, const char *what) {
  if (status != 0) {
    throw std::runtime_error(std::string(what) + " gave status " + std::to_string(status));
  }
}

constexpr const char *CUDA = "libcuda.so.1";
constexpr const char *NVML = "libnvidia-ml.so.1";

// Attributes of the driver's interface (CUdevice_attribute in cuda.h).
constexpr int MULTIPROCESSORS = 16;
constexpr int CAPABILITY_MAJOR = 75;
constexpr int CAPABILITY_MINOR = 76;

// The driver's handle of a visible device. Makes no context.
int device_handle(int index) {
  check(of_library<int(unsigned)>(CUDA, "cuInit")(0), "cuInit");
  int device = 0;
  check(of_library<int(int *, int)>(CUDA, "cuDeviceGet")(&device, index), "cuDeviceGet");
  return device;
}

std::string name_of(int device) {
  char name[256] = {};
  check(of_library<int(char *, int, int)>(CUDA, "cuDeviceGetName")(name, sizeof name, device),
        "cuDeviceGetName");
  return name;
}

int attribute(int device, int which) {
  int value = 0;
  auto get = of_library<int(int *, int, int)>(CUDA, "cuDeviceGetAttribute");
  check(get(&value, which, device), "cuDeviceGetAttribute");
  return value;
}

void start_nvml() { check(of_library<int()>(NVML, "nvmlInit_v2")(), "nvmlInit"); }

// The version of the kernel's driver, the first word with a point in
// `NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023`.
// NVML tells it too, but not in every container.
std::string driver() {
  std::ifstream file("/proc/driver/nvidia/version");
  std::string word;
  while (file >> word) {
    if (std::isdigit(word[0]) && word.find('.') != std::string::npos) return word;
  }
  return "unknown";
}

// The version of cuBLAS that is loaded, by a function of its own that needs no handle.
std::string cublas() {
  auto get = reinterpret_cast<size_t (*)()>(dlsym(RTLD_DEFAULT, "cublasLtGetVersion"));
  return get == nullptr ? "unknown" : std::to_string(get());
}

// libtorch's allocator of CUDA memory, or none where nothing has been allocated by it.
c10::DeviceAllocator *allocator() {
  if (!at::hasCUDA()) return nullptr;
  auto *allocator = c10::getDeviceAllocator(c10::DeviceType::CUDA);
  return allocator->initialized() ? allocator : nullptr;
}

struct Memory {
  unsigned long long total, free, used;
};

// Memory as the driver counts it, over all processes. NVML numbers devices on its own, so the
// device is found by its bus.
Memory memory_of(int index) {
  int device = device_handle(index);
  char bus[64] = {};
  auto bus_of = of_library<int(char *, int, int)>(CUDA, "cuDeviceGetPCIBusId");
  check(bus_of(bus, sizeof bus, device), "cuDeviceGetPCIBusId");
  start_nvml();
  void *handle = nullptr;
  auto find = of_library<int(const char *, void **)>(NVML, "nvmlDeviceGetHandleByPciBusId_v2");
  check(find(bus, &handle), "nvmlDeviceGetHandleByPciBusId");
  Memory memory{};
  auto get = of_library<int(void *, Memory *)>(NVML, "nvmlDeviceGetMemoryInfo");
  check(get(handle, &memory), "nvmlDeviceGetMemoryInfo");
  return memory;
}

// What `portable_torch_foreach` does. foreach.rs has the same numbers.
enum Foreach { ADD, MUL, DIV, ADD_SCALAR, MUL_SCALAR, SQRT, NORM };

std::vector<at::Tensor> foreach(int op, at::TensorList a, at::TensorList b, double number) {
  switch (op) {
    case ADD: return at::_foreach_add(a, b, number);
    case MUL: return at::_foreach_mul(a, b);
    case DIV: return at::_foreach_div(a, b);
    case ADD_SCALAR: return at::_foreach_add(a, number);
    case MUL_SCALAR: return at::_foreach_mul(a, number);
    case SQRT: return at::_foreach_sqrt(a);
    case NORM: return at::_foreach_norm(a);
  }
  throw std::runtime_error("there is no operation " + std::to_string(op));
}

}  // namespace

extern "C" {

// Settings under which equal inputs give equal bits, or an operation refuses to run.
int portable_torch_make_deterministic(int threads, char *out, size_t size) {
  return told(out, size, [&](std::ostream &) {
    auto &context = at::globalContext();
    context.setDeterministicAlgorithms(true, /*warn_only=*/false);
    // No kernel of a run reads memory that nothing has written; to fill it first would be half of
    // all kernels.
    context.setDeterministicFillUninitializedMemory(false);
    context.setDeterministicCuDNN(true);
    context.setDeterministicMkldnn(true);
    context.setBenchmarkCuDNN(false);
    context.setAllowTF32CuBLAS(false);
    context.setAllowTF32CuDNN(false);
    at::set_num_threads(threads);
  });
}

// Whether the settings above are in force.
int portable_torch_is_deterministic() {
  auto &context = at::globalContext();
  return context.deterministicAlgorithms() && !context.deterministicAlgorithmsWarnOnly() &&
         context.deterministicCuDNN() && context.deterministicMkldnn() &&
         !context.benchmarkCuDNN() && !context.allowTF32CuBLAS() && !context.allowTF32CuDNN();
}

// Whether memory is filled before it is written, with values that are not finite.
void portable_torch_fill_memory(int fill) {
  at::globalContext().setDeterministicFillUninitializedMemory(fill != 0);
}

// The number of CUDA devices that libtorch can use.
int portable_torch_devices() {
  try {
    return at::detail::getCUDAHooks().getNumGPUs();
  } catch (const std::exception &) {
    return 0;
  }
}

// Whether the libtorch that is linked has CUDA at all.
int portable_torch_has_cuda() { return at::hasCUDA() || at::detail::getCUDAHooks().hasCUDART(); }

// Lines `key: value`, of libtorch on the CPU.
int portable_torch_cpu_facts(char *out, size_t size) {
  return told(out, size, [](std::ostream &facts) {
    facts << "libtorch: " << TORCH_VERSION << "\n"
          << "kernels: " << at::get_cpu_capability() << "\n"
          << "mkl: " << at::get_mkl_version() << "\n"
          << "onednn: " << at::get_mkldnn_version() << "\n"
          << "threads: " << at::get_num_threads() << "\n";
  });
}

// Lines `key: value`, of libtorch on a CUDA device.
int portable_torch_cuda_facts(int index, char *out, size_t size) {
  return told(out, size, [&](std::ostream &facts) {
    const auto &hooks = at::detail::getCUDAHooks();
    int device = device_handle(index);
    facts << "libtorch: " << TORCH_VERSION << "\n"
          << "cuda: " << hooks.versionCUDART() << "\n"
          << "cublas: " << cublas() << "\n"
          << "cudnn: " << hooks.versionRuntimeCuDNN() << "\n"
          << "driver: " << driver() << "\n"
          << "gpu: " << name_of(device) << "\n"
          << "multiprocessors: " << attribute(device, MULTIPROCESSORS) << "\n"
          << "capability: " << attribute(device, CAPABILITY_MAJOR) << "."
          << attribute(device, CAPABILITY_MINOR) << "\n";
  });
}

// Free and total memory of a CUDA device in bytes.
int portable_torch_memory(int index, uint64_t *free, uint64_t *total, char *out, size_t size) {
  return told(out, size, [&](std::ostream &) {
    Memory memory = memory_of(index);
    *free = memory.free;
    *total = memory.total;
  });
}

// How often an allocation of this process on a CUDA device has failed for good.
int portable_torch_failed_allocations(int index, uint64_t *failed, char *out, size_t size) {
  return told(out, size, [&](std::ostream &) {
    auto *memory = allocator();
    *failed = memory == nullptr ? 0 : memory->getDeviceStats(index).num_ooms;
  });
}

// Gives back the CUDA memory that this process keeps for later and does not use.
int portable_torch_give_back_memory(char *out, size_t size) {
  return told(out, size, [&](std::ostream &) {
    if (auto *memory = allocator()) memory->emptyCache();
  });
}

// An operation on a list of tensors, or on two of equal length.
int portable_torch_foreach(int op, size_t n, const at::Tensor *const *a,
                           const at::Tensor *const *b, double number, at::Tensor *const *made,
                           char *out, size_t size) {
  return told(out, size, [&](std::ostream &) {
    auto list = [n](const at::Tensor *const *from) {
      std::vector<at::Tensor> tensors;
      for (size_t i = 0; i < n; i++) tensors.push_back(*from[i]);
      return tensors;
    };
    bool two = op == ADD || op == MUL || op == DIV;
    auto results = foreach(op, list(a), two ? list(b) : std::vector<at::Tensor>{}, number);
    for (size_t i = 0; i < n; i++) *made[i] = std::move(results[i]);
  });
}

// Gradients of a convolution without bias. One that is not asked for is left alone.
int portable_torch_convolution_backward(const at::Tensor *grad, const at::Tensor *input,
                                        const at::Tensor *weight, int64_t stride, int64_t padding,
                                        int with_input, int with_weight,
                                        at::Tensor *input_grad, at::Tensor *weight_grad,
                                        char *out, size_t size) {
  return told(out, size, [&](std::ostream &) {
    size_t n = weight->dim() - 2;
    std::vector<int64_t> strides(n, stride), paddings(n, padding), ones(n, 1), zeros(n, 0);
    auto grads = at::convolution_backward(*grad, *input, *weight, std::nullopt, strides, paddings,
                                          ones, /*transposed=*/false, zeros, /*groups=*/1,
                                          {with_input != 0, with_weight != 0, false});
    if (with_input) *input_grad = std::get<0>(grads);
    if (with_weight) *weight_grad = std::get<1>(grads);
  });
}

// Batch normalisation by the batch's own statistics. `running_mean` and `running_var` are
// updated in place.
int portable_torch_batch_norm(const at::Tensor *input, const at::Tensor *weight,
                              const at::Tensor *bias, const at::Tensor *running_mean,
                              const at::Tensor *running_var, double momentum, double epsilon,
                              at::Tensor *output, at::Tensor *mean, at::Tensor *inverse_deviation,
                              char *out, size_t size) {
  return told(out, size, [&](std::ostream &) {
    std::tie(*output, *mean, *inverse_deviation) =
        at::native_batch_norm(*input, *weight, *bias, *running_mean, *running_var,
                              /*training=*/true, momentum, epsilon);
  });
}

// Gradients of the former, of its input, weight and bias.
int portable_torch_batch_norm_backward(const at::Tensor *grad, const at::Tensor *input,
                                       const at::Tensor *weight, const at::Tensor *mean,
                                       const at::Tensor *inverse_deviation, double epsilon,
                                       at::Tensor *input_grad, at::Tensor *weight_grad,
                                       at::Tensor *bias_grad, char *out, size_t size) {
  return told(out, size, [&](std::ostream &) {
    std::tie(*input_grad, *weight_grad, *bias_grad) = at::native_batch_norm_backward(
        *grad, *input, *weight, /*running_mean=*/{}, /*running_var=*/{}, *mean,
        *inverse_deviation, /*train=*/true, epsilon, {true, true, true});
  });
}
}

#include "tools/longtake/device_option.h"

#include "core/error.h"

#include <cstdlib>

namespace longtake::cli {

void add_device_option(CLI::App& command, std::string& device) {
    command.add_option("--device", device, "cpu, cuda or auto: cuda where there is a GPU")
        ->check(CLI::IsMember({"cpu", "cuda", "auto"}))
        ->capture_default_str();
}

Device device_of(const std::string& device) {
    if (device == "cpu") {
        return Device::Cpu;
    }
    const GpuInfo gpu = describe_gpu();
    check_input(gpu.problem.empty() || device == "auto",
                "--device cuda: {}; or choose --device cpu", gpu.problem);
    return gpu.problem.empty() ? Device::Cuda : Device::Cpu;
}

void open_gpu_queues() {
    ::setenv("CUDA_DEVICE_MAX_CONNECTIONS", "32", 0);
}

}  // namespace longtake::cli

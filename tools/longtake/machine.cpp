#include "tools/longtake/machine.h"

#include "core/parallel.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

namespace longtake::cli {
namespace {

std::string cpu_name() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("model name")) {
            return line.substr(std::min(line.find(": ") + 2, line.size()));
        }
    }
    return "unknown";
}

std::vector<std::string> cpu_features() {
    std::vector<std::string> features;
#if defined(__x86_64__)
    const auto add = [&](bool has, const char* name) {
        if (has) {
            features.emplace_back(name);
        }
    };
    __builtin_cpu_init();
    add(__builtin_cpu_supports("avx2"), "avx2");
    add(__builtin_cpu_supports("fma"), "fma");
    add(__builtin_cpu_supports("avx512f"), "avx512f");
    add(__builtin_cpu_supports("avx512vnni"), "avx512vnni");
    add(__builtin_cpu_supports("avx512bf16"), "avx512bf16");
    std::ifstream file("/proc/cpuinfo");
    for (std::string word; file >> word && word != "bugs";) {
        add(word == "amx_bf16", "amx_bf16");
    }
#endif
    return features;
}

}  // namespace

Machine describe_machine() {
    const double bytes =
        static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
    return {.cpu = cpu_name(),
            .features = cpu_features(),
            .threads = thread_count(),
            .memory_gib = bytes / (1 << 30)};
}

double resident_mib() {
    std::ifstream file("/proc/self/statm");
    double total = 0, resident = 0;
    file >> total >> resident;
    return resident * static_cast<double>(sysconf(_SC_PAGE_SIZE)) / (1 << 20);
}

double peak_resident_mib() {
    struct rusage usage = {};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

}  // namespace longtake::cli

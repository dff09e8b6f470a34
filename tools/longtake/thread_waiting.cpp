#include "tools/longtake/thread_waiting.h"

#include <unistd.h>

#include <cstdlib>

namespace longtake::cli {

void wait_without_spinning_long(char** argv) {
    if (std::getenv("OMP_WAIT_POLICY") == nullptr && std::getenv("GOMP_SPINCOUNT") == nullptr) {
        ::setenv("GOMP_SPINCOUNT", "3000", 1);
        ::execv("/proc/self/exe", argv);  // returns only when that is not possible
    }
}

}  // namespace longtake::cli

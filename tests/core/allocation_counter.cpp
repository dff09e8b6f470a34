#include "tests/core/allocation_counter.h"

#include "tests/core/sanitized.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>

namespace longtake {
namespace {

std::atomic<bool> counting{false};
std::atomic<size_t> least{0}, allocations{0}, allocated{0};

void record(size_t bytes) {
    if (counting.load(std::memory_order_relaxed) && bytes >= least.load()) {
        ++allocations;
        allocated += bytes;
    }
}

}  // namespace

AllocationCounter::AllocationCounter(size_t min_bytes) {
    least = min_bytes;
    allocations = 0;
    allocated = 0;
    counting = true;
}

AllocationCounter::~AllocationCounter() {
    counting = false;
}

size_t AllocationCounter::count() const {
    return allocations;
}
size_t AllocationCounter::bytes() const {
    return allocated;
}

}  // namespace longtake

#if LONGTAKE_SANITIZED

// The sanitizer owns malloc, and tells.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, size_t),
                                                         void (*)(const volatile void*));
namespace {
const int hooked = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, size_t bytes) { longtake::record(bytes); },
    [](const volatile void*) {});
}

#else

// Stand in for glibc's own; operator new and every library call these.
extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

void* malloc(size_t bytes) {
    longtake::record(bytes);
    return __libc_malloc(bytes);
}
void* calloc(size_t count, size_t size) {
    longtake::record(count * size);
    return __libc_calloc(count, size);
}
void* realloc(void* old, size_t bytes) {
    longtake::record(bytes);
    return __libc_realloc(old, bytes);
}
void* memalign(size_t alignment, size_t bytes) {
    longtake::record(bytes);
    return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) {
    return memalign(alignment, bytes);
}
int posix_memalign(void** out, size_t alignment, size_t bytes) {
    *out = memalign(alignment, bytes);
    return *out == nullptr ? ENOMEM : 0;
}
}

#endif

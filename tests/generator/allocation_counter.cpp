#include "tests/generator/allocation_counter.h"

#include "tests/core/sanitized.h"

#if LONGTAKE_THREAD_SANITIZED

// Those who ask skip.
namespace longtake {
size_t allocations() {
    return 0;
}
size_t live_allocations() {
    return 0;
}
}  // namespace longtake

#else

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<size_t> count{0};
std::atomic<size_t> freed{0};

void release(void* p) {
    freed += p != nullptr;
    std::free(p);
}

void* counted(size_t bytes, size_t alignment) {
    ++count;
    // aligned_alloc wants whole multiples.
    void* p = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (p == nullptr) {
        throw std::bad_alloc();
    }
    return p;
}

}  // namespace

namespace longtake {
size_t allocations() {
    return count;
}
size_t live_allocations() {
    return count - freed;
}
}  // namespace longtake

void* operator new(size_t bytes) {
    return counted(bytes, alignof(std::max_align_t));
}
void* operator new[](size_t bytes) {
    return counted(bytes, alignof(std::max_align_t));
}
void* operator new(size_t bytes, std::align_val_t a) {
    return counted(bytes, size_t(a));
}
void* operator new[](size_t bytes, std::align_val_t a) {
    return counted(bytes, size_t(a));
}
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {  // std::stable_sort's
    ++count;
    return std::malloc(bytes);
}
void operator delete(void* p) noexcept {
    release(p);
}
void operator delete[](void* p) noexcept {
    release(p);
}
void operator delete(void* p, size_t) noexcept {
    release(p);
}
void operator delete[](void* p, size_t) noexcept {
    release(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
    release(p);
}
void operator delete[](void* p, std::align_val_t) noexcept {
    release(p);
}
void operator delete(void* p, size_t, std::align_val_t) noexcept {
    release(p);
}
void operator delete[](void* p, size_t, std::align_val_t) noexcept {
    release(p);
}

#endif

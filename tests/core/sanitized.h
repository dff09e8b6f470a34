#pragma once

// LONGTAKE_SANITIZED is 1 where a sanitizer watches that puts its own malloc in place of the
// system's, and keeps what was freed for a while.
#if defined(__has_feature)
#define LONGTAKE_CLANG_HAS(feature) __has_feature(feature)
#else
#define LONGTAKE_CLANG_HAS(feature) 0
#endif
#if defined(__SANITIZE_THREAD__) || LONGTAKE_CLANG_HAS(thread_sanitizer)
#define LONGTAKE_THREAD_SANITIZED 1  // which also owns operator new
#else
#define LONGTAKE_THREAD_SANITIZED 0
#endif
#if defined(__SANITIZE_ADDRESS__) || LONGTAKE_CLANG_HAS(address_sanitizer) || \
    LONGTAKE_THREAD_SANITIZED
#define LONGTAKE_SANITIZED 1
#else
#define LONGTAKE_SANITIZED 0
#endif

#pragma once

// Compiles a function once for every generation of the processor family; the machine's best is
// taken when the program starts. For small loops that the compiler turns into vectors: without it
// they get the four lanes that every x86-64 has.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LONGTAKE_CLONES \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LONGTAKE_CLONES
#endif

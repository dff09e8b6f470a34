// Sums along a group of 256 through shared memory: nothing is assumed of subgroups.
const uint kGroup = 256;
const uint kEach = 8;               // that an invocation takes
const uint kBlock = kGroup * kEach;  // that a group takes

shared uint partial[kGroup];

// The sum of `value` over the invocations before this one, and over all.
uint sum_before(uint value, out uint total) {
    uint i = gl_LocalInvocationID.x;
    partial[i] = value;
    barrier();
    uint sum = value;
    for (uint step = 1; step < kGroup; step *= 2) {
        uint other = i >= step ? partial[i - step] : 0;
        barrier();
        sum += other;
        partial[i] = sum;
        barrier();
    }
    total = partial[kGroup - 1];
    barrier();
    return sum - value;
}

// Sums along a group of 256 through shared memory: nothing is assumed of subgroups.
const uint kGroup = 256;
const uint kEach = 8;               // that an invocation takes
const uint kBlock = kGroup * kEach;  // that a group takes

shared uint partial[2 * kGroup];  // what a step reads, what it writes

// The sum of `value` over the invocations before this one, and over all.
uint sum_before(uint value, out uint total) {
    uint i = gl_LocalInvocationID.x, from = 0, sum = value;
    partial[i] = value;
    barrier();
    for (uint step = 1; step < kGroup; step *= 2) {
        sum += i >= step ? partial[from + i - step] : 0;
        from = kGroup - from;
        partial[from + i] = sum;
        barrier();
    }
    total = partial[from + kGroup - 1];
    barrier();
    return sum - value;
}

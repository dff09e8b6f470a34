// What the shaders of the radix sort share: a pass sorts by eight bits.
const uint kDigits = 256;

layout(buffer_reference, std430, buffer_reference_align = 16) buffer SortState {
    uint blocks, one, one_more;  // of the next dispatch
    uint count;                  // of what is sorted
    uint vertices, instances, first_vertex, first_instance;  // of a draw of three for each
    uint wanted;                 // count, had there been room
};

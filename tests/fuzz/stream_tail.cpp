#include "gaussians/codec/stream_reader.h"
#include "tests/fuzz/mended_stream.h"

#include <fstream>

// A stream that grows while it is read. The first two bytes say how much there is to begin with.
void longtake::fuzz::read(Bytes bytes) {
    check_input(bytes.size() > 2, "no stream");
    const size_t first = std::to_integer<size_t>(bytes[0]) << 8 | std::to_integer<size_t>(bytes[1]);
    const auto stream = mended_stream(bytes.subspan(2));
    const size_t there = std::min(first, stream.size());
    const auto path = write("a.ltv.partial", Bytes(stream).first(there));
    gaussians::StreamReader reader(path.string());
    while (reader.next()) {
    }
    std::ofstream(path, std::ios::binary | std::ios::app) << text(Bytes(stream).subspan(there));
    while (reader.next()) {
    }
    reader.frame_count();
}

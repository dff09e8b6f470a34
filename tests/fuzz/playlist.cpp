#include "gaussians/codec/stream_reader.h"
#include "tests/fuzz/mended_stream.h"

// A playlist and its pieces, a.ltv and b.ltv.
void longtake::fuzz::read(Bytes bytes) {
    const auto files = parts(bytes, 3);
    const auto path = write("playlist.json", files[0]);
    write("a.ltv", mended_stream(files[1]));
    write("b.ltv", files[2]);
    gaussians::StreamReader reader(path.string());
    while (reader.next()) {
    }
    reader.frame_count();
}

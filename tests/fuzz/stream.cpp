#include "gaussians/codec/stream_reader.h"
#include "tests/fuzz/mended_stream.h"

// A stream of Gaussians: as it is, with its checksums mended, and going on behind what is damaged.
void longtake::fuzz::read(Bytes bytes) {
    const auto play = [](const std::string& address, bool skip) {
        attempt([&] {
            gaussians::StreamReader reader(address, {.verify = true, .skip_damaged = skip});
            while (reader.next()) {
            }
            attempt([&] { reader.seek(1); });
            attempt([&] { reader.next(); });
            if (reader.frame_count().value_or(0) > 0) {
                attempt([&] { reader.copy(0); });
            }
        });
    };
    gaussians::is_stream(write("a.ltv", bytes).string());
    play((folder() / "a.ltv").string(), false);
    const auto mended = write("mended.ltv", mended_stream(bytes)).string();
    play(mended, false);
    play(mended, true);
}

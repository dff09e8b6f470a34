#include "gaussians/formats/spz.h"

#include "tests/fuzz/fuzz.h"

#include <zlib.h>

namespace longtake::fuzz {
namespace {

// Versions 1 to 3 are packed whole, which no fuzzer sees through.
std::vector<std::byte> gzip(Bytes bytes) {
    z_stream stream{};
    check(deflateInit2(&stream, 1, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) == Z_OK,
          "zlib does not start");
    std::vector<std::byte> packed(deflateBound(&stream, bytes.size()));
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

}  // namespace

void read(Bytes bytes) {
    gaussians::is_spz(bytes);
    attempt([&] { gaussians::read_spz(bytes); });
    gaussians::read_spz(gzip(bytes));
}

}  // namespace longtake::fuzz

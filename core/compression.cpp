#include "core/compression.h"

#include "core/error.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

namespace longtake {
namespace {

constexpr size_t kFirstBlock = size_t{1} << 16;
constexpr int kZstdLevel = 12;

// `fill(block)` writes to the front of the block and returns how much; 0 at the end.
template <typename Fill> std::vector<std::byte> gather(size_t size, Fill&& fill) {
    std::vector<std::byte> all;
    size_t have = 0;
    while (have < size) {
        if (have == all.size()) {
            all.resize(std::min(size, std::max(kFirstBlock, 2 * have)));
        }
        const size_t got = fill(std::span(all).subspan(have));
        check_input(got > 0, "it ends too early: {} bytes of {} are there", have, size);
        have += got;
    }
    return all;
}

std::vector<std::byte> inflate_as(std::span<const std::byte> bytes, size_t size, int window) {
    z_stream stream{};
    check(::inflateInit2(&stream, window) == Z_OK, "zlib does not start");
    const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, ::inflateEnd);
    constexpr size_t kPiece = size_t{1} << 30;  // zlib counts in 32 bits
    return gather(size, [&](std::span<std::byte> block) -> size_t {
        const size_t room = std::min(block.size(), kPiece);
        stream.next_out = reinterpret_cast<Bytef*>(block.data());
        stream.avail_out = static_cast<uInt>(room);
        while (stream.avail_out == room) {
            const size_t piece = std::min(bytes.size(), kPiece);
            stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
            stream.avail_in = static_cast<uInt>(piece);
            const int result = ::inflate(&stream, Z_NO_FLUSH);
            bytes = bytes.subspan(piece - stream.avail_in);
            if (result == Z_STREAM_END && !bytes.empty()) {
                ::inflateReset(&stream);  // gzip may go on with another member
                continue;
            }
            if (result == Z_STREAM_END || result == Z_BUF_ERROR) {
                break;
            }
            check_input(result == Z_OK, "its compressed data is damaged");
        }
        return room - stream.avail_out;
    });
}

}  // namespace

std::vector<std::byte> gunzip(std::span<const std::byte> bytes, size_t size) {
    return inflate_as(bytes, size, 16 + MAX_WBITS);
}

std::vector<std::byte> inflate_raw(std::span<const std::byte> bytes, size_t size) {
    return inflate_as(bytes, size, -MAX_WBITS);
}

std::vector<std::byte> unzstd(std::span<const std::byte> bytes, size_t size) {
    const std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> stream(::ZSTD_createDStream(),
                                                                          ::ZSTD_freeDStream);
    check(stream != nullptr, "zstd does not start");
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    return gather(size, [&](std::span<std::byte> block) -> size_t {
        ZSTD_outBuffer out{block.data(), block.size(), 0};
        bool more = true;
        while (out.pos == 0 && more) {
            const size_t before = in.pos;
            const size_t result = ::ZSTD_decompressStream(stream.get(), &out, &in);
            check_input(::ZSTD_isError(result) == 0, "its compressed data is damaged: {}",
                        ::ZSTD_getErrorName(result));
            more = in.pos > before;
        }
        return out.pos;
    });
}

std::vector<std::byte> zstd(std::span<const std::byte> bytes) {
    std::vector<std::byte> packed(::ZSTD_compressBound(bytes.size()));
    const size_t size =
        ::ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), kZstdLevel);
    check(::ZSTD_isError(size) == 0, "zstd: {}", ::ZSTD_getErrorName(size));
    packed.resize(size);
    return packed;
}

}  // namespace longtake

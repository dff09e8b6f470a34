#include "core/byte_reader.h"
#include "core/dtype.h"
#include "core/error.h"
#include "core/parallel.h"
#include "core/compression.h"
#include "gaussians/formats/packed_values.h"
#include "gaussians/formats/spz.h"
#include "gaussians/formats/spz_layout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

namespace longtake::gaussians {
namespace {

using Bytes = std::span<const std::byte>;

constexpr size_t kOldHeaderBytes = 16;
constexpr size_t kMaxRatio = 1024;  // no real Gaussians are compressed as far as this
enum Section { kPositions, kAlphas, kColours, kScales, kRotations, kSh, kSections };

struct Header {
    uint32_t version, count;
    int degree, fraction_bits;

    explicit Header(ByteReader& reader) {
        check_input(reader.number(4) == kSpzMagic, "it is not SPZ");
        version = static_cast<uint32_t>(reader.number(4));
        check_input(version >= 1 && version <= kSpzVersion,
                    "it is SPZ of version {}; 1 to {} are known", version, kSpzVersion);
        count = static_cast<uint32_t>(reader.number(4));
        degree = static_cast<int>(reader.number(1));
        check_input(degree <= kMaxShDegree + 1, "it has spherical harmonics of degree {}", degree);
        fraction_bits = static_cast<int>(reader.number(1));
        check_input(fraction_bits < 32, "its positions have {} bits behind the point",
                    fraction_bits);
    }
    // Bytes that one Gaussian takes of each section.
    std::array<size_t, kSections> layout() const {
        return {version == 1 ? 6U : 9U,
                1,
                3,
                3,
                version >= 3 ? 4U : 3U,
                static_cast<size_t>(3 * sh_rest_count(degree))};
    }
    size_t bytes_each() const {
        size_t bytes = 0;
        for (const size_t part : layout()) {
            bytes += part;
        }
        return bytes;
    }
    void check_backing(size_t file_bytes) const {
        check_input(count <= file_bytes * kMaxRatio / layout()[kPositions],
                    "its header promises {} Gaussians, more than its {} bytes can hold", count,
                    file_bytes);
    }
};

bool is_gzip(Bytes bytes) {
    return bytes.size() > 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

// The sections of versions 1 to 3, one behind the other after the header.
Bytes old_payload(const Header& header, Bytes bytes, std::vector<std::byte>& unpacked) {
    const size_t size = kOldHeaderBytes + header.count * header.bytes_each();
    if (is_gzip(bytes)) {
        header.check_backing(bytes.size());
        unpacked = gunzip(bytes, size);
        bytes = unpacked;
    }
    check_input(size <= bytes.size(), "its header promises {} Gaussians, but {} bytes are there",
                header.count, bytes.size());
    return bytes.subspan(kOldHeaderBytes);
}

// Extensions tell more about the Gaussians, which we do not need, but for one: that the axes are
// others than SPZ's own.
void check_extensions(ByteReader extensions) {
    while (extensions.left() >= 8) {
        const uint64_t type = extensions.number(4), bytes = extensions.number(4);
        ByteReader content(extensions.take(bytes));
        check_input(type != kSpzAxesExtension || content.number(4) == kSpzAxes,
                    "its axes are not SPZ's right, up, back; save it without the extension");
    }
}

// The streams of version 4, brought into the same form.
std::vector<std::byte> new_payload(const Header& header, Bytes bytes) {
    header.check_backing(bytes.size());
    ByteReader reader(bytes);
    reader.take(15);
    const uint64_t streams = reader.number(1), table_at = reader.number(4);
    check_input(table_at >= kSpzHeaderBytes && table_at <= bytes.size(),
                "its table of streams is not inside the file");
    check_extensions(ByteReader(bytes.first(table_at).subspan(kSpzHeaderBytes)));
    reader = ByteReader(bytes.subspan(table_at));
    ByteReader table(reader.take(16 * streams));
    std::vector<std::byte> payload;
    for (const size_t each : header.layout()) {
        const size_t size = header.count * each;
        if (size == 0) {
            continue;
        }
        const Bytes stream = reader.take(table.number(8));
        check_input(table.number(8) == size, "its streams do not belong to {} Gaussians",
                    header.count);
        const auto part = unzstd(stream, size);
        payload.insert(payload.end(), part.begin(), part.end());
    }
    return payload;
}

uint8_t byte_at(Bytes bytes, size_t i) {
    return std::to_integer<uint8_t>(bytes[i]);
}

uint32_t word_at(Bytes bytes, size_t at, size_t size) {
    return static_cast<uint32_t>(ByteReader(bytes.subspan(at)).number(size));
}

float position_at(const Header& header, Bytes positions, size_t i) {
    if (header.version == 1) {
        fp16 half;
        half.bits = static_cast<uint16_t>(word_at(positions, 2 * i, 2));
        return static_cast<float>(half);
    }
    const uint32_t fixed = word_at(positions, 3 * i, 3) << 8;  // its sign on top
    return std::ldexp(static_cast<float>(static_cast<int32_t>(fixed)), -8 - header.fraction_bits);
}

// x, y, z, w
std::array<float, 4> rotation_at(const Header& header, Bytes rotations, size_t i) {
    SmallestThree q{3, {}};
    if (header.version < 3) {
        for (size_t k = 0; k < 3; ++k) {
            q.others[k] = static_cast<float>(byte_at(rotations, 3 * i + k)) / 127.5F - 1.F;
        }
        return from_smallest_three(q);
    }
    const uint32_t word = word_at(rotations, 4 * i, 4);
    q.largest = word >> 30;
    for (unsigned k = 0; k < 3; ++k) {
        const uint32_t part = word >> (20 - 10 * k);
        const float size = static_cast<float>(part & 511) / 511.F / std::numbers::sqrt2_v<float>;
        q.others[k] = (part & 512) != 0 ? -size : size;
    }
    return from_smallest_three(q);
}

Cloud unpack(const Header& header, Bytes payload) {
    std::array<Bytes, kSections> sections;
    ByteReader reader(payload);
    for (size_t s = 0; s < kSections; ++s) {
        sections[s] = reader.take(header.count * header.layout()[s]);
    }
    Cloud cloud = Cloud::sized(header.count, std::min(header.degree, kMaxShDegree));
    const auto stored = static_cast<size_t>(sh_rest_count(header.degree));
    const auto kept = static_cast<size_t>(cloud.sh_rest.extent(1));
    parallel_for(header.count, [&](int64_t row) {
        const auto i = static_cast<size_t>(row);
        for (size_t k = 0; k < 3; ++k) {
            const size_t at = 3 * i + k;
            cloud.means.data<float>()[at] =
                kHalfTurn[k] * position_at(header, sections[kPositions], at);
            cloud.log_scales.data<float>()[at] =
                static_cast<float>(byte_at(sections[kScales], at)) / 16.F - 10.F;
            cloud.sh_dc.data<float>()[at] =
                (static_cast<float>(byte_at(sections[kColours], at)) / 255.F - 0.5F) /
                kSpzColourScale;
        }
        cloud.opacities.data<float>()[i] = logit_of(byte_at(sections[kAlphas], i));
        const auto q = rotation_at(header, sections[kRotations], i);
        for (size_t k = 0; k < 4; ++k) {
            const float sign = k == 0 ? 1.F : kHalfTurn[k - 1];
            cloud.rotations.data<float>()[4 * i + k] = sign * q[kSpzQuaternion[k]];
        }
        for (size_t k = 0; k < 3 * kept; ++k) {
            const auto byte = static_cast<float>(byte_at(sections[kSh], 3 * stored * i + k));
            cloud.sh_rest.data<float>()[3 * kept * i + k] =
                kHalfTurnSh[k / 3] * (byte - 128.F) / 128.F;
        }
    });
    return cloud;
}

std::vector<std::byte> header_bytes(Bytes bytes) {
    if (is_gzip(bytes)) {
        return gunzip(bytes, kOldHeaderBytes);
    }
    const Bytes start = ByteReader(bytes).take(kOldHeaderBytes);
    return {start.begin(), start.end()};
}

}  // namespace

bool is_spz(Bytes bytes) {
    try {
        return ByteReader(header_bytes(bytes)).number(4) == kSpzMagic;
    } catch (const InputError&) {
        return false;
    }
}

SpzCloud read_spz(Bytes bytes) {
    const auto start = header_bytes(bytes);
    ByteReader reader(start);
    const Header header(reader);
    std::vector<std::byte> unpacked;
    Bytes payload;
    if (header.version < kSpzVersion) {
        payload = old_payload(header, bytes, unpacked);
    } else {
        check_input(!is_gzip(bytes), "it is SPZ 4 inside gzip; unpack it with gunzip");
        unpacked = new_payload(header, bytes);
        payload = unpacked;
    }
    return {static_cast<int>(header.version), unpack(header, payload)};
}

}  // namespace longtake::gaussians

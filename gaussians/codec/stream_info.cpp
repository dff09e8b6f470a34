#include "gaussians/codec/stream_info.h"

#include "core/byte_reader.h"
#include "core/byte_writer.h"
#include "core/compression.h"
#include "core/crc32c.h"
#include "core/error.h"
#include "core/text.h"
#include "core/whole_number.h"
#include "gaussians/scene/cloud.h"

#include <nlohmann/json.hpp>

#include <bit>
#include <cmath>
#include <string_view>

namespace longtake::gaussians {
namespace {

using Json = nlohmann::json;

// As PNG's: what a transfer as text would spoil shows at once.
constexpr std::string_view kMagic("\x89LTV\r\n\x1a\n", 8);
constexpr uint64_t kVersion = 3, kOldestVersion = 2;
constexpr uint64_t kMostDescription = 1 << 24;
constexpr uint64_t kMostRatio = 64;  // of a description to what it is packed into

Json describe(const StreamInfo& info) {
    Json cameras = Json::array();
    for (const Camera& c : info.cameras) {
        cameras.push_back({{"size", {c.width, c.height}},
                           {"focal", {c.fx, c.fy}},
                           {"centre", {c.cx, c.cy}},
                           {"rotation", c.rotation},
                           {"translation", c.translation}});
    }
    Json json{{"cameras", cameras}, {"notes", info.notes}};
    if (info.near) {
        json["near"] = *info.near;
    }
    return json;
}

template <size_t N> std::array<double, N> numbers(const Json& json) {
    const auto out = json.get<std::array<double, N>>();
    for (const double v : out) {
        check_input(std::isfinite(v), "a camera has {} in it", v);
    }
    return out;
}

Camera camera_of(const Json& json) {
    const auto size = whole_numbers<int64_t>(json.at("size"));
    const auto focal = numbers<2>(json.at("focal")), centre = numbers<2>(json.at("centre"));
    check_input(size.size() == 2, "a camera's pictures have {} sides", size.size());
    for (const int64_t side : size) {
        check_input(side > 0 && side <= 1 << 20, "a camera's pictures are {} wide or high", side);
    }
    check_input(focal[0] > 0 && focal[1] > 0, "a camera's focal length is {}",
                std::min(focal[0], focal[1]));
    return {.width = size[0],
            .height = size[1],
            .fx = focal[0],
            .fy = focal[1],
            .cx = centre[0],
            .cy = centre[1],
            .rotation = numbers<9>(json.at("rotation")),
            .translation = numbers<3>(json.at("translation"))};
}

void read_description(std::string_view text, StreamInfo& info) {
    try {
        const Json json = Json::parse(text);
        for (const Json& camera : json.at("cameras")) {
            info.cameras.push_back(camera_of(camera));
        }
        info.notes = json.at("notes").get<std::map<std::string, std::string>>();
        if (json.contains("near")) {
            info.near = json.at("near").get<double>();
            check_input(*info.near > 0 && std::isfinite(*info.near), "\"near\" is {}", *info.near);
        }
    } catch (const Json::exception& e) {
        fail_input("its description is damaged: {}", one_line(e.what()));
    }
}

bool is_power_of_two(float step) {
    int exponent = 0;
    return std::isnormal(step) && step > 0 && std::frexp(step, &exponent) == 0.5F;
}

}  // namespace

std::vector<std::byte> StreamInfo::pack() const {
    const std::string description = describe(*this).dump();
    const auto plain = std::as_bytes(std::span(description));
    const auto small = zstd(plain);
    const bool packed = small.size() < plain.size() && plain.size() <= kMostRatio * small.size();
    const std::span<const std::byte> stored = packed ? small : plain;
    check(is_power_of_two(mean_step) && latents >= 0 && latents <= kMostStreamLatents,
          "a stream of {} latents whose centres are multiples of {}", latents, mean_step);
    ByteWriter out;
    out.bytes(std::as_bytes(std::span(kMagic)));
    out.number(kVersion, 4);
    out.number(stored.size(), 4);
    out.number(static_cast<uint64_t>(frame_rate.numerator), 4);
    out.number(static_cast<uint64_t>(frame_rate.denominator), 4);
    out.number(std::bit_cast<uint32_t>(mean_step), 4);
    out.number(static_cast<uint64_t>(first_frame), 4);
    out.number(static_cast<uint64_t>(sh_degree), 1);
    out.number(static_cast<uint64_t>(latents), 1);
    out.number(0, 2);
    out.number(packed ? plain.size() : 0, 4);
    out.bytes(stored);
    out.number(crc32c(out.written()), 4);
    return out.take();
}

bool StreamInfo::starts(std::span<const std::byte> bytes) {
    return bytes.size() >= kMagic.size() && ByteReader(bytes).text(kMagic.size()) == kMagic;
}

uint64_t StreamInfo::packed_bytes(std::span<const std::byte> fixed) {
    check_input(starts(fixed) && fixed.size() >= kFixedBytes, "this is no stream of Gaussians");
    ByteReader in(fixed);
    in.take(kMagic.size());
    const uint64_t version = in.number(4), description = in.number(4);
    check_input(version >= kOldestVersion && version <= kVersion,
                "a stream of version {}, of which this program reads {} and {}: play it with the "
                "one that made it",
                version, kOldestVersion, kVersion);
    check_input(description <= kMostDescription, "its header is damaged");
    return kFixedBytes + description + 4;
}

StreamInfo StreamInfo::unpack(std::span<const std::byte> bytes) {
    const uint64_t size = packed_bytes(bytes);
    check_input(bytes.size() >= size, "it ends within its header");
    ByteReader crc(bytes.subspan(size - 4, 4));
    check_input(crc.number(4) == crc32c(bytes.first(size - 4)), "its header is damaged");
    ByteReader in(bytes);
    in.take(kMagic.size() + 4);
    const uint64_t description = in.number(4), numerator = in.number(4), denominator = in.number(4);
    StreamInfo info;
    info.mean_step = std::bit_cast<float>(static_cast<uint32_t>(in.number(4)));
    info.first_frame = static_cast<int64_t>(in.number(4));
    info.sh_degree = static_cast<int>(in.number(1));
    info.latents = static_cast<int64_t>(in.number(1));
    in.take(2);
    const uint64_t plain = in.number(4);  // bytes of the description, where it is packed
    constexpr uint64_t kMost = 1'000'000'000;
    check_input(numerator > 0 && denominator > 0 && numerator <= kMost && denominator <= kMost,
                "its frame rate is {}/{}", numerator, denominator);
    info.frame_rate = {.numerator = static_cast<int>(numerator),
                       .denominator = static_cast<int>(denominator)};
    check_input(is_power_of_two(info.mean_step), "its centres are multiples of {}", info.mean_step);
    check_input(info.sh_degree <= kMaxShDegree && info.latents <= kMostStreamLatents,
                "its harmonics are of degree {}, from {} latents", info.sh_degree, info.latents);
    if (plain == 0) {
        read_description(in.text(description), info);
        return info;
    }
    check_input(plain <= kMostDescription && plain <= kMostRatio * description,
                "its description would become {} bytes of {}", plain, description);
    const auto unpacked = unzstd(in.take(description), plain);
    read_description({reinterpret_cast<const char*>(unpacked.data()), unpacked.size()}, info);
    return info;
}

}  // namespace longtake::gaussians

#include "core/npy.h"

#include "core/byte_reader.h"
#include "core/byte_writer.h"
#include "core/dtype.h"
#include "core/file.h"
#include "core/text.h"

#include <fmt/ranges.h>

#include <bit>
#include <regex>

namespace longtake {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kAlignment = 64;  // of the values in the file
constexpr size_t kLongestHeader = 4096;

struct Header {
    Shape shape;
    char kind;     // f, i, u, b
    size_t bytes;  // of a number
};

Shape shape_in(const std::string& list) {
    std::vector<int64_t> extents;
    const std::regex number("[0-9]+");
    for (std::sregex_iterator it(list.begin(), list.end(), number), end; it != end; ++it) {
        check_input(it->length() <= 9 && extents.size() < Shape::kMaxRank,
                    "its shape is out of all proportion: ({})", one_line(list));
        extents.push_back(std::stoll(it->str()));
    }
    return Shape(extents);
}

Header read_header(ByteReader& reader) {
    check_input(reader.left() >= kMagic.size() && reader.text(kMagic.size()) == kMagic,
                "it is no array of NumPy");
    const uint64_t version = reader.number(1);
    reader.take(1);
    const uint64_t length = reader.number(version == 1 ? 2 : 4);
    check_input(length <= kLongestHeader, "its header is {} bytes long", length);
    const std::string header(reader.text(length));
    std::smatch type, shape;
    check_input(
        std::regex_search(header, type, std::regex("'descr': *'[<|](f[248]|[iu][1248]|b1)'")) &&
            header.find("'fortran_order': False") != std::string::npos,
        "it is not of little-endian numbers in C order: {}", in_quotes(header));
    check_input(std::regex_search(header, shape, std::regex("'shape': *\\(([0-9, ]*)\\)")),
                "it has no shape: {}", in_quotes(header));
    const std::string name = type[1];
    return {shape_in(shape[1]), name[0], static_cast<size_t>(name[1] - '0')};
}

double value_of(uint64_t bits, const Header& header) {
    switch (header.kind) {
        case 'f':
            return header.bytes == 8 ? std::bit_cast<double>(bits)
                   : header.bytes == 4
                       ? static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(bits)))
                       : static_cast<double>(
                             static_cast<float>(std::bit_cast<fp16>(static_cast<uint16_t>(bits))));
        case 'i': {
            const auto unused = static_cast<int>(64 - 8 * header.bytes);
            return static_cast<double>(static_cast<int64_t>(bits << unused) >> unused);
        }
        default: return static_cast<double>(bits);
    }
}

std::vector<std::byte> with_header(const char* type, const Shape& shape, size_t bytes) {
    std::string header =
        fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", type,
                    fmt::join(shape.extents(), ", "), shape.rank() == 1 ? "," : "");
    constexpr size_t kBefore = 10;  // magic, version, length
    const size_t whole = (kBefore + header.size() + 1 + kAlignment - 1) / kAlignment * kAlignment;
    header.resize(whole - kBefore - 1, ' ');
    header += '\n';
    ByteWriter out;
    out.bytes(std::as_bytes(std::span(kMagic)));
    out.number(1, 2);  // version 1.0
    out.number(header.size(), 2);
    out.bytes(std::as_bytes(std::span(header)));
    std::vector<std::byte> all = out.take();
    all.reserve(all.size() + bytes);
    return all;
}

template <typename T>
std::vector<std::byte> npy_of(const char* type, const Shape& shape, std::span<const T> values) {
    check(shape.count() == std::ssize(values), "{} numbers for {}", values.size(), shape.str());
    std::vector<std::byte> all = with_header(type, shape, values.size_bytes());
    const auto bytes = std::as_bytes(values);
    all.insert(all.end(), bytes.begin(), bytes.end());
    return all;
}

}  // namespace

NpyArray parse_npy(std::span<const std::byte> bytes) {
    ByteReader reader(bytes);
    const Header header = read_header(reader);
    size_t most = reader.left() / header.bytes;
    for (const int64_t extent : header.shape.extents()) {
        most = extent == 0 ? most : most / static_cast<size_t>(extent);
    }
    check_input(most > 0 || header.shape.count() == 0,
                "its header promises {} numbers of {} bytes, but {} bytes are left for them",
                header.shape.str(), header.bytes, reader.left());
    NpyArray array{header.shape, std::vector<double>(static_cast<size_t>(header.shape.count()))};
    for (double& value : array.values) {
        value = value_of(reader.number(header.bytes), header);
    }
    return array;
}

NpyArray read_npy(const std::filesystem::path& path) {
    const auto file = MappedFile::open(path);
    try {
        return parse_npy(file->bytes());
    } catch (const InputError& e) {
        fail_input("{}: {}", path.string(), e.what());
    }
}

std::vector<std::byte> to_npy(const Shape& shape, std::span<const float> values) {
    return npy_of("<f4", shape, values);
}
std::vector<std::byte> to_npy(const Shape& shape, std::span<const int32_t> values) {
    return npy_of("<i4", shape, values);
}
std::vector<std::byte> to_npy(const Shape& shape, std::span<const bool> values) {
    return npy_of("|b1", shape, values);
}

}  // namespace longtake

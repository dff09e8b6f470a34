#include "gaussians/formats/ply_file.h"

#include "core/byte_reader.h"
#include "core/error.h"
#include "core/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

namespace longtake::gaussians {
namespace {

constexpr size_t kMaxHeader = size_t{1} << 16;  // bytes

struct TypeName {
    std::string_view name;
    PlyType type;
    size_t bytes;
};
constexpr std::array<TypeName, 16> kTypes{{{"char", PlyType::I8, 1},
                                           {"int8", PlyType::I8, 1},
                                           {"uchar", PlyType::U8, 1},
                                           {"uint8", PlyType::U8, 1},
                                           {"short", PlyType::I16, 2},
                                           {"int16", PlyType::I16, 2},
                                           {"ushort", PlyType::U16, 2},
                                           {"uint16", PlyType::U16, 2},
                                           {"int", PlyType::I32, 4},
                                           {"int32", PlyType::I32, 4},
                                           {"uint", PlyType::U32, 4},
                                           {"uint32", PlyType::U32, 4},
                                           {"float", PlyType::F32, 4},
                                           {"float32", PlyType::F32, 4},
                                           {"double", PlyType::F64, 8},
                                           {"float64", PlyType::F64, 8}}};

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (true) {
        const size_t begin = line.find_first_not_of(" \t\r");
        if (begin == std::string_view::npos) {
            return words;
        }
        line.remove_prefix(begin);
        words.push_back(line.substr(0, line.find_first_of(" \t\r")));
        line.remove_prefix(words.back().size());
    }
}

uint64_t count_of(std::string_view word) {
    uint64_t count = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), count);
    check_input(error == std::errc() && end == word.data() + word.size(),
                "its header counts {} of an element", in_quotes(word));
    return count;
}

template <typename T> double number_at(const std::byte* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return static_cast<double>(value);
}

}  // namespace

double PlyColumn::number(int64_t row) const {
    const std::byte* at = first_ + static_cast<size_t>(row) * stride_;
    switch (type_) {
        case PlyType::I8: return number_at<int8_t>(at);
        case PlyType::U8: return number_at<uint8_t>(at);
        case PlyType::I16: return number_at<int16_t>(at);
        case PlyType::U16: return number_at<uint16_t>(at);
        case PlyType::I32: return number_at<int32_t>(at);
        case PlyType::U32: return number_at<uint32_t>(at);
        case PlyType::F32: return number_at<float>(at);
        case PlyType::F64: return number_at<double>(at);
    }
    return 0;
}

bool PlyElement::has(std::string_view property) const {
    return std::ranges::count(properties, property, &Property::name) > 0;
}

PlyColumn PlyElement::column(std::string_view property) const {
    const auto found = std::ranges::find(properties, property, &Property::name);
    check_input(found != properties.end(), "its {} have no property {}", one_line(name), property);
    return {rows.data() + found->offset, stride, found->type};
}

bool PlyFile::recognizes(std::span<const std::byte> bytes) {
    constexpr std::string_view kMagic = "ply";
    return bytes.size() > kMagic.size() &&
           std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0 &&
           (bytes[3] == std::byte{'\n'} || bytes[3] == std::byte{'\r'});
}

PlyFile::PlyFile(std::span<const std::byte> bytes) {
    check_input(recognizes(bytes), "it does not begin with \"ply\"");
    ByteReader header(bytes.first(std::min(bytes.size(), kMaxHeader)));
    std::string_view line;
    while ((line = header.text_until('\n')) != "end_header" && line != "end_header\r") {
        read_header_line(line);
    }
    ByteReader rows(bytes.subspan(std::min(bytes.size(), kMaxHeader) - header.left()));
    for (PlyElement& e : elements_) {
        if (e.lists) {
            elements_.resize(static_cast<size_t>(&e - elements_.data()));
            break;
        }
        check_input(e.stride == 0 || e.count <= rows.left() / e.stride,
                    "its header promises {} rows of {}, but {} bytes are left for them", e.count,
                    one_line(e.name), rows.left());
        e.rows = rows.take(e.count * e.stride);
    }
}

void PlyFile::read_header_line(std::string_view line) {
    const auto words = words_of(line);
    if (words.empty() || words[0] == "ply" || words[0] == "comment" || words[0] == "obj_info") {
        return;
    }
    if (words[0] == "format" && words.size() == 3) {
        check_input(
            words[1] == "binary_little_endian",
            "it is a PLY of format {}; only binary_little_endian is read, so save it as such",
            one_line(words[1]));
    } else if (words[0] == "element" && words.size() == 3) {
        PlyElement element;
        element.name = words[1];
        element.count = count_of(words[2]);
        elements_.push_back(std::move(element));
    } else if (words[0] == "property" && words.size() == 5 && words[1] == "list" &&
               !elements_.empty()) {
        elements_.back().lists = true;
    } else if (words[0] == "property" && words.size() == 3 && !elements_.empty()) {
        const auto type = std::ranges::find(kTypes, words[1], &TypeName::name);
        check_input(type != kTypes.end(), "its header names the unknown type {}",
                    in_quotes(words[1]));
        PlyElement& element = elements_.back();
        element.properties.push_back({std::string(words[2]), type->type, element.stride});
        element.stride += type->bytes;
    } else {
        fail_input("its header has the line {}", in_quotes(line));
    }
}

bool PlyFile::has(std::string_view element) const {
    return std::ranges::count(elements_, element, &PlyElement::name) > 0;
}

const PlyElement& PlyFile::element(std::string_view name) const {
    const auto found = std::ranges::find(elements_, name, &PlyElement::name);
    check_input(found != elements_.end(), "it has no element {}", name);
    return *found;
}

}  // namespace longtake::gaussians

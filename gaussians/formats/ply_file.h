#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace longtake::gaussians {

enum class PlyType : uint8_t { I8, U8, I16, U16, I32, U32, F32, F64 };

// One property of all rows of an element.
class PlyColumn {
  public:
    PlyColumn(const std::byte* first, size_t stride, PlyType type)
        : first_(first), stride_(stride), type_(type) {}
    PlyType type() const { return type_; }
    double number(int64_t row) const;

  private:
    const std::byte* first_;
    size_t stride_;
    PlyType type_;
};

struct PlyElement {
    struct Property {
        std::string name;
        PlyType type;
        size_t offset;  // bytes from the start of a row
    };
    std::string name;
    uint64_t count = 0;
    size_t stride = 0;  // bytes of a row
    std::vector<Property> properties;
    bool lists = false;               // it has rows of different lengths, which are not read
    std::span<const std::byte> rows;  // count * stride bytes of the file

    bool has(std::string_view property) const;
    PlyColumn column(std::string_view property) const;  // throws InputError when it is missing
};

// A binary little-endian PLY in memory, with the properties in any order. Elements that stand after
// one with lists are left out.
class PlyFile {
  public:
    static bool recognizes(std::span<const std::byte> bytes);
    // `bytes` must outlive the file. Throws InputError saying what is wrong with them; the rows
    // that the header promises are known to be there.
    explicit PlyFile(std::span<const std::byte> bytes);

    bool has(std::string_view element) const;
    const PlyElement& element(std::string_view name) const;  // throws InputError when missing

  private:
    void read_header_line(std::string_view line);
    std::vector<PlyElement> elements_;
};

}  // namespace longtake::gaussians

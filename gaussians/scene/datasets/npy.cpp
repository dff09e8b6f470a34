#include "gaussians/scene/datasets/npy.h"

#include "core/byte_reader.h"
#include "core/file.h"
#include "core/text.h"

#include <bit>
#include <regex>
#include <string>

namespace longtake::gaussians {
namespace {

struct Table {
    uint64_t rows, columns;
    size_t number_bytes;
};

Table read_header(ByteReader& reader) {
    check_input(reader.text(6) == "\x93NUMPY", "it is no file of NumPy");
    const uint64_t version = reader.number(1);
    reader.take(1);
    const std::string header(reader.text(reader.number(version == 1 ? 2 : 4)).substr(0, 1024));
    std::smatch found;
    check_input(std::regex_search(header, found, std::regex("'descr': *'<f([48])'")) &&
                    header.find("'fortran_order': False") != std::string::npos,
                "it is not of rows of '<f8' or '<f4': {}", in_quotes(header));
    const size_t number_bytes = found[1] == "8" ? 8 : 4;
    const std::regex shape("'shape': *\\(([0-9]{1,9}), *([0-9]{1,9})\\)");
    check_input(std::regex_search(header, found, shape), "it is not a table: {}",
                in_quotes(header));
    return {std::stoull(found[1]), std::stoull(found[2]), number_bytes};
}

}  // namespace

std::vector<std::vector<double>> read_npy_table(const std::filesystem::path& path) {
    const auto file = MappedFile::open(path);
    try {
        ByteReader reader(file->bytes());
        const Table table = read_header(reader);
        check_input(
            table.columns > 0 && table.rows <= reader.left() / (table.columns * table.number_bytes),
            "its header promises {} rows of {}, but {} bytes are left for them", table.rows,
            table.columns, reader.left());
        std::vector<std::vector<double>> rows(table.rows, std::vector<double>(table.columns));
        for (auto& row : rows) {
            for (double& v : row) {
                const uint64_t bits = reader.number(table.number_bytes);
                v = table.number_bytes == 8
                        ? std::bit_cast<double>(bits)
                        : static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(bits)));
            }
        }
        return rows;
    } catch (const InputError& e) {
        fail_input("{}: {}", path.string(), e.what());
    }
}

}  // namespace longtake::gaussians

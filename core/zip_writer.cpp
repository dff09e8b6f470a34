#include "core/zip_writer.h"

#include "core/byte_writer.h"
#include "core/error.h"

#include <zlib.h>

#include <cstdint>
#include <limits>
#include <span>

namespace longtake {
namespace {

struct Stored {
    std::string name;
    uint32_t crc, bytes, at;
};

// What local headers and the directory say alike (APPNOTE.TXT 4.3.7, 4.3.12).
void describe(ByteWriter& out, const Stored& file) {
    out.number(20, 2);      // version of the format that is needed
    out.number(0x0800, 2);  // names are UTF-8
    out.number(0, 2);       // stored
    out.number(0, 2);       // time of day
    out.number(0x21, 2);    // 1 January 1980: the same bytes every day
    out.number(file.crc, 4);
    out.number(file.bytes, 4);
    out.number(file.bytes, 4);
    out.number(file.name.size(), 2);
    out.number(0, 2);  // nothing extra
}

void finish(ByteWriter& out, const std::vector<Stored>& files) {
    const size_t begin = out.written().size();
    for (const Stored& file : files) {
        out.number(0x02014b50, 4);
        out.number(20, 2);  // version that wrote it
        describe(out, file);
        out.number(0, 2);  // no comment
        out.number(0, 2);  // disk
        out.number(0, 2);
        out.number(0, 4);  // attributes
        out.number(file.at, 4);
        out.bytes(std::as_bytes(std::span(file.name)));
    }
    const size_t end = out.written().size();
    out.number(0x06054b50, 4);
    out.number(0, 4);  // disks
    out.number(files.size(), 2);
    out.number(files.size(), 2);
    out.number(end - begin, 4);
    out.number(begin, 4);
    out.number(0, 2);  // no comment
}

}  // namespace

std::vector<std::byte> zip_of(const std::map<std::string, std::vector<std::byte>>& entries) {
    ByteWriter out;
    std::vector<Stored> files;
    for (const auto& [name, content] : entries) {
        const size_t at = out.written().size();
        check_input(at + content.size() < std::numeric_limits<uint32_t>::max(),
                    "it would be longer than 4 GiB");
        files.push_back({name,
                         static_cast<uint32_t>(::crc32_z(
                             0, reinterpret_cast<const Bytef*>(content.data()), content.size())),
                         static_cast<uint32_t>(content.size()), static_cast<uint32_t>(at)});
        out.number(0x04034b50, 4);
        describe(out, files.back());
        out.bytes(std::as_bytes(std::span(name)));
        out.bytes(content);
    }
    finish(out, files);
    return out.take();
}

}  // namespace longtake

#include "core/zip_directory.h"

#include "core/byte_reader.h"
#include "core/error.h"
#include "core/text.h"

#include <algorithm>
#include <array>

// The layout of the records is that of PKWARE's APPNOTE 6.3, sections 4.3.7 to 4.3.16 and 4.5.3.
namespace longtake {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50, kDirectoryHeader = 0x02014b50, kEnd = 0x06054b50,
                   kEnd64 = 0x06064b50, kEnd64Locator = 0x07064b50;
constexpr size_t kEndBytes = 22, kLocatorBytes = 20, kEnd64Bytes = 56, kDirectoryBytes = 46;
constexpr size_t kMaxComment = 0xffff;
constexpr uint32_t kIn64 = 0xffffffff;  // "the value stands in the zip64 record"
constexpr uint16_t kZip64Extra = 1, kEncrypted = 1, kStored = 0, kDeflated = 8;

struct End {
    uint64_t entries, directory_bytes, directory_at;
};

// Where the end record stands: the last 22 bytes, unless a comment follows it.
size_t find_end(std::span<const std::byte> bytes) {
    const size_t furthest = std::min(bytes.size(), kEndBytes + kMaxComment);
    for (size_t back = kEndBytes; back <= furthest; ++back) {
        ByteReader reader(bytes.last(back));
        if (reader.number(4) == kEnd) {
            reader.take(16);
            if (reader.number(2) == back - kEndBytes) {
                return bytes.size() - back;
            }
        }
    }
    fail_input("it is cut off: the directory at its end is missing (was it downloaded whole?)");
}

std::span<const std::byte> from(std::span<const std::byte> bytes, uint64_t at) {
    check_input(at <= bytes.size(), "its directory points outside the file");
    return bytes.subspan(static_cast<size_t>(at));
}

End read_end(std::span<const std::byte> bytes) {
    const size_t at = find_end(bytes);
    ByteReader reader(bytes.subspan(at));
    reader.take(8);
    reader.take(2);  // entries on this disk
    End end{};
    end.entries = reader.number(2);
    end.directory_bytes = reader.number(4);
    end.directory_at = reader.number(4);
    if (at >= kLocatorBytes) {
        ByteReader locator(bytes.subspan(at - kLocatorBytes));
        if (locator.number(4) == kEnd64Locator) {
            locator.take(4);
            ByteReader wide(from(bytes, locator.number(8)));
            check_input(wide.left() >= kEnd64Bytes && wide.number(4) == kEnd64,
                        "its zip64 record is broken");
            wide.take(28);
            end.entries = wide.number(8);
            end.directory_bytes = wide.number(8);
            end.directory_at = wide.number(8);
        }
    }
    return end;
}

// Reads the values that did not fit from the zip64 part of an entry's extra field.
void widen(std::span<const std::byte> extra, std::span<uint64_t* const> values) {
    ByteReader reader(extra);
    while (reader.left() >= 4) {
        const uint64_t kind = reader.number(2), bytes = reader.number(2);
        ByteReader part(reader.take(bytes));
        if (kind == kZip64Extra) {
            for (uint64_t* value : values) {
                *value = *value == kIn64 ? part.number(8) : *value;
            }
            return;
        }
    }
}

}  // namespace

ZipDirectory::ZipDirectory(std::span<const std::byte> bytes) : bytes_(bytes) {
    const End end = read_end(bytes);
    ByteReader directory(ByteReader(from(bytes, end.directory_at)).take(end.directory_bytes));
    check_input(end.entries <= directory.left() / kDirectoryBytes,
                "its directory claims {} entries in {} bytes", end.entries, directory.left());
    for (uint64_t i = 0; i < end.entries; ++i) {
        add(directory);
    }
}

void ZipDirectory::add(ByteReader& directory) {
    check_input(directory.number(4) == kDirectoryHeader, "its directory is broken");
    Entry entry{};
    directory.take(4);
    entry.flags = static_cast<uint16_t>(directory.number(2));
    entry.method = static_cast<uint16_t>(directory.number(2));
    directory.take(8);
    entry.compressed = directory.number(4);
    entry.size = directory.number(4);
    const uint64_t name = directory.number(2), extra = directory.number(2),
                   comment = directory.number(2);
    directory.take(8);
    entry.header = directory.number(4);
    const std::string key(directory.text(name));
    widen(directory.take(extra), std::array{&entry.size, &entry.compressed, &entry.header});
    directory.take(comment);
    check_input(entries_.emplace(key, entry).second, "it holds {} twice", in_quotes(key));
}

std::vector<std::string> ZipDirectory::names() const {
    std::vector<std::string> names;
    for (const auto& [name, entry] : entries_) {
        names.push_back(name);
    }
    return names;
}

std::span<const std::byte> ZipDirectory::entry(const std::string& name) const {
    const ZipMember found = member(name);
    check_input(!found.deflated, "its entry {} is compressed, which no checkpoint is",
                in_quotes(name));
    return found.bytes;
}

ZipMember ZipDirectory::member(const std::string& name) const {
    const auto found = entries_.find(name);
    check_input(found != entries_.end(), "its entry {} is missing", in_quotes(name));
    const Entry& e = found->second;
    check_input((e.flags & kEncrypted) == 0, "its entry {} is encrypted", in_quotes(name));
    check_input(e.method == kDeflated || (e.method == kStored && e.compressed == e.size),
                "its entry {} is compressed by method {}, which is unknown", in_quotes(name),
                e.method);
    ByteReader reader(from(bytes_, e.header));
    check_input(reader.number(4) == kLocalHeader, "its entry {} is not where its directory says",
                in_quotes(name));
    reader.take(22);
    const uint64_t name_bytes = reader.number(2), extra_bytes = reader.number(2);
    check_input(reader.text(name_bytes) == name, "its entry {} is not where its directory says",
                in_quotes(name));
    reader.take(extra_bytes);
    check_input(e.compressed <= reader.left(), "its entry {} reaches past the end of the file",
                in_quotes(name));
    return {reader.take(e.compressed), e.method == kDeflated, e.size};
}

}  // namespace longtake

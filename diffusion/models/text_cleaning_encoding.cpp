#include "diffusion/models/text_cleaning.h"

#include <algorithm>
#include <array>

namespace longtake::diffusion::text {
namespace {

constexpr char32_t kReplacement = 0xfffd;
constexpr size_t kLongestRun = 64;  // keeps the search linear

// Bytes 0x80 ... 0x9f.
constexpr std::array<char32_t, 32> kWindows1252{
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178};

struct Decoded {
    size_t length = 0;  // bytes used, at least 1 unless the input is empty
    char32_t character = kReplacement;
    bool valid = false;
};

// One character of UTF-8; of an invalid sequence, the longest part that could have begun one.
Decoded decode(std::string_view s) {
    const auto at = [&](size_t i) { return static_cast<unsigned char>(s[i]); };
    const unsigned char lead = at(0);
    if (lead < 0x80) {
        return {1, lead, true};
    }
    const size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                          : lead >= 0xe0 && lead <= 0xef ? 3
                          : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                         : 1;
    // Where the second byte is bounded more tightly: overlong forms, surrogates, past the end.
    const unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    char32_t c = lead & (0x7fu >> length);
    for (size_t i = 1; i < length; ++i) {
        if (i >= s.size() || at(i) < (i == 1 ? low : 0x80) || at(i) > (i == 1 ? high : 0xbf)) {
            return {i, kReplacement, false};
        }
        c = (c << 6) | (at(i) & 0x3fu);
    }
    return {length, length == 1 ? kReplacement : c, length > 1};
}

// The byte that Windows-1252 or Latin-1 writes for `c`, or -1.
int to_byte(char32_t c) {
    if (c <= 0xff) {
        return static_cast<int>(c);
    }
    const auto found = std::ranges::find(kWindows1252, c);
    return found == kWindows1252.end() ? -1 : 0x80 + static_cast<int>(found - kWindows1252.begin());
}

// How much of `bytes` is UTF-8, from its start.
size_t valid_prefix(std::string_view bytes) {
    size_t i = 0;
    while (i < bytes.size()) {
        const Decoded d = decode(bytes.substr(i));
        if (!d.valid) {
            break;
        }
        i += d.length;
    }
    return i;
}

// Whether nobody would have meant `run` as it stands, given that it can be read as UTF-8: it is
// several characters then, or one of four bytes, or holds a control character, or starts like a
// quote or a sign ("â€"), or with Â or Ã and does not go on with a dash, dots or a quote.
bool is_unmeant(std::u32string_view run, size_t first_length) {
    constexpr std::u32string_view kPunctuation = U"\u2013\u2014\u2018\u2019\u201c\u201d\u2026";
    constexpr std::u32string_view kAfterCircumflex = U"\u20ac\u201a\u201e";
    const auto has = [](std::u32string_view set, char32_t c) { return set.find(c) != set.npos; };
    return run.size() > first_length || first_length > 3 ||
           std::ranges::any_of(run, [](char32_t c) { return c >= 0x80 && c <= 0x9f; }) ||
           (first_length == 3 && run[0] == 0xe2 && has(kAfterCircumflex, run[1])) ||
           (first_length == 2 && (run[0] == 0xc2 || run[0] == 0xc3) && !has(kPunctuation, run[1]));
}

// Broken characters: where the whole text can be read as UTF-8, all of it, else run by run.
bool mend_once(std::u32string& text) {
    std::u32string out;
    std::string whole;
    bool unmeant = false, sound = false;
    for (size_t i = 0; i < text.size();) {
        std::string bytes;
        const size_t longest = std::min(text.size() - i, kLongestRun);
        while (bytes.size() < longest && to_byte(text[i + bytes.size()]) >= 0x80) {
            bytes += static_cast<char>(to_byte(text[i + bytes.size()]));
        }
        bytes.resize(valid_prefix(bytes));
        const std::u32string_view run = std::u32string_view(text).substr(i, bytes.size());
        if (run.empty()) {
            sound = sound || text[i] >= 0x80;
            out += text[i];
            whole += static_cast<char>(text[i++]);
            continue;
        }
        const bool mend = is_unmeant(run, decode(bytes).length);
        unmeant = unmeant || mend;
        out += mend ? from_utf8(bytes) : std::u32string(run);
        whole += bytes;
        i += run.size();
    }
    if (unmeant) {
        text = sound ? out : from_utf8(whole);
    }
    return unmeant;
}

}  // namespace

char32_t from_windows_1252(unsigned char byte) {
    return byte >= 0x80 && byte <= 0x9f ? kWindows1252[byte - 0x80] : byte;
}

std::u32string from_utf8(std::string_view utf8) {
    std::u32string text;
    for (size_t i = 0; i < utf8.size();) {
        const Decoded d = decode(utf8.substr(i));
        text += d.character;
        i += d.length;
    }
    return text;
}

std::string to_utf8(std::u32string_view text) {
    std::string out;
    for (const char32_t c : text) {
        if (c < 0x80) {
            out += static_cast<char>(c);
            continue;
        }
        const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
        constexpr std::array<int, 4> kLead{0, 0xc0, 0xe0, 0xf0};
        out += static_cast<char>(kLead[more] | static_cast<int>(c >> (6 * more)));
        for (int k = more - 1; k >= 0; --k) {
            out += static_cast<char>(0x80 | ((c >> (6 * k)) & 0x3f));
        }
    }
    return out;
}

std::u32string mend_mojibake(std::u32string text) {
    constexpr int kRounds = 4;
    for (int i = 0; i < kRounds; ++i) {
        if (!mend_once(text)) {
            break;
        }
    }
    return text;
}

}  // namespace longtake::diffusion::text

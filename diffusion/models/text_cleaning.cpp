#include "diffusion/models/text_cleaning.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

namespace longtake::diffusion {
namespace {

using text::to_utf8;

bool between(char32_t c, char32_t first, char32_t last) {
    return c >= first && c <= last;
}

bool is_space(char32_t c) {
    return between(c, 0x09, 0x0d) || between(c, 0x1c, 0x20) || c == 0x85 || c == 0xa0 ||
           c == 0x1680 || between(c, 0x2000, 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

bool is_stray_control(char32_t c) {
    return between(c, 0x00, 0x08) || c == 0x0b || between(c, 0x0e, 0x1f) || c == 0x7f ||
           between(c, 0x206a, 0x206f) || c == 0xfeff || between(c, 0xfff9, 0xfffc);
}

// "\x1b[31m" and its like.
size_t terminal_escape_length(std::u32string_view s) {
    if (s.size() < 3 || s[0] != 0x1b || s[1] != U'[') {
        return 0;
    }
    size_t i = 2;
    while (i < s.size() && (between(s[i], U'0', U'9') || s[i] == U';')) {
        ++i;
    }
    const bool letter = i < s.size() && (between(s[i], U'a', U'z') || between(s[i], U'A', U'Z'));
    return letter ? i + 1 : 0;
}

std::string normalized(const std::string& utf8, int options) {
    utf8proc_uint8_t* raw = nullptr;
    const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(utf8.data()),
                                   static_cast<utf8proc_ssize_t>(utf8.size()), &raw,
                                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | options));
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(raw, &std::free);
    return size < 0 ? utf8
                    : std::string(reinterpret_cast<const char*>(raw), static_cast<size_t>(size));
}

std::u32string_view ligature(char32_t c) {
    constexpr std::pair<char32_t, std::u32string_view> kLigatures[]{
        {0x0132, U"IJ"},      {0x0133, U"ij"}, {0x0149, U"\u02bcn"}, {0x01f1, U"DZ"},
        {0x01f2, U"Dz"},      {0x01f3, U"dz"}, {0x01c4, U"D\u017d"}, {0x01c5, U"D\u017e"},
        {0x01c6, U"d\u017e"}, {0x01c7, U"LJ"}, {0x01c8, U"Lj"},      {0x01c9, U"lj"},
        {0x01ca, U"NJ"},      {0x01cb, U"Nj"}, {0x01cc, U"nj"},      {0xfb00, U"ff"},
        {0xfb01, U"fi"},      {0xfb02, U"fl"}, {0xfb03, U"ffi"},     {0xfb04, U"ffl"},
        {0xfb05, U"\u017ft"}, {0xfb06, U"st"}};
    const auto* found =
        std::ranges::find(kLigatures, c, &std::pair<char32_t, std::u32string_view>::first);
    return found == std::end(kLigatures) ? std::u32string_view{} : found->second;
}

// One character as ftfy leaves it: C1 controls read as Windows-1252, ligatures and full-width
// forms taken apart, quotes straight, line breaks as "\n", stray controls gone.
void append_plain(std::u32string& out, char32_t c) {
    if (between(c, 0x80, 0x9f)) {
        c = text::from_windows_1252(static_cast<unsigned char>(c));
    }
    if (const std::u32string_view parts = ligature(c); !parts.empty()) {
        for (const char32_t part : parts) {
            append_plain(out, part);
        }
    } else if (c == 0x3000) {
        out += U' ';
    } else if (between(c, 0xff01, 0xffef)) {
        out += text::from_utf8(normalized(to_utf8({&c, 1}), UTF8PROC_COMPAT | UTF8PROC_COMPOSE));
    } else if (c == 0x02bc || between(c, 0x2018, 0x201b)) {
        out += U'\'';
    } else if (between(c, 0x201c, 0x201f)) {
        out += U'"';
    } else if (c == U'\r' || c == 0x2028 || c == 0x2029) {
        out += U'\n';
    } else if (!is_stray_control(c)) {
        out += c;
    }
}

std::u32string plain(std::u32string_view line) {
    std::u32string out;
    for (size_t i = 0; i < line.size(); ++i) {
        if (const size_t length = terminal_escape_length(line.substr(i)); length > 0) {
            i += length - 1;
        } else {
            append_plain(out, line[i]);
        }
    }
    return text::from_utf8(normalized(to_utf8(out), UTF8PROC_COMPOSE));
}

// ftfy.fix_text for one line: again and again until nothing changes, within reason.
std::u32string fix_line(std::u32string line, bool markup) {
    constexpr int kRounds = 8;
    for (int round = 0; round < kRounds; ++round) {
        std::u32string next = markup ? line : text::unescape_html(line, true);
        next = plain(text::mend_mojibake(std::move(next)));
        if (next == line) {
            break;
        }
        line = std::move(next);
    }
    return line;
}

}  // namespace

std::string clean_prompt(std::string_view prompt) {
    const std::u32string whole = text::from_utf8(prompt);
    std::u32string fixed;
    bool markup = false;  // from a "<" on, entities belong to the markup
    for (size_t begin = 0; begin <= whole.size();) {
        const size_t end = std::min(whole.find(U'\n', begin), whole.size());
        const std::u32string line = whole.substr(begin, end - begin);
        markup = markup || line.find(U'<') != std::u32string::npos;
        fixed += fix_line(line, markup);
        fixed += U'\n';
        begin = end + 1;
    }
    fixed = text::unescape_html(text::unescape_html(fixed, false), false);
    std::u32string out;
    for (const char32_t c : fixed) {
        if (!is_space(c)) {
            out += c;
        } else if (!out.empty() && out.back() != U' ') {
            out += U' ';
        }
    }
    if (!out.empty() && out.back() == U' ') {
        out.pop_back();
    }
    return to_utf8(out);
}

}  // namespace longtake::diffusion

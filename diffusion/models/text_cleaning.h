#pragma once

#include <string>
#include <string_view>

namespace longtake::diffusion {

// A prompt as the text encoder was trained to see it: encoding slips mended, HTML entities
// resolved, quotes straightened, composed (NFC), spaces collapsed to one, none at the ends. Bytes
// that are not UTF-8 become U+FFFD.
//
// Follows ftfy.fix_text, html.unescape twice, strip, and \s+ -> " ". Mojibake is mended for UTF-8
// that was read as Latin-1 or Windows-1252, the common case; other code pages are left alone.
std::string clean_prompt(std::string_view prompt);

// The parts, on code points.
namespace text {

std::u32string from_utf8(std::string_view utf8);
std::string to_utf8(std::u32string_view text);

// Named entities of HTML 4 and all numeric ones. `strict` wants the closing semicolon; otherwise
// the old names also count without it, even in front of other letters, as in browsers.
std::u32string unescape_html(std::u32string_view text, bool strict);

// UTF-8 that was read as Windows-1252, once or more often: "cafÃ©" -> "café".
std::u32string mend_mojibake(std::u32string text);

// What Windows-1252 has at bytes 0x80 ... 0x9f; the byte itself where it has nothing.
char32_t from_windows_1252(unsigned char byte);

}  // namespace text
}  // namespace longtake::diffusion

#include "diffusion/models/text_cleaning.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace longtake::diffusion::text {
namespace {

struct Entity {
    std::u32string_view name;
    char32_t character;
};

// HTML 4, and "apos". Sorted.
constexpr Entity kEntities[]{
    {U"AElig", 0x00c6},    {U"AMP", 0x0026},     {U"Aacute", 0x00c1},  {U"Acirc", 0x00c2},
    {U"Agrave", 0x00c0},   {U"Alpha", 0x0391},   {U"Aring", 0x00c5},   {U"Atilde", 0x00c3},
    {U"Auml", 0x00c4},     {U"Beta", 0x0392},    {U"COPY", 0x00a9},    {U"Ccedil", 0x00c7},
    {U"Chi", 0x03a7},      {U"Dagger", 0x2021},  {U"Delta", 0x0394},   {U"ETH", 0x00d0},
    {U"Eacute", 0x00c9},   {U"Ecirc", 0x00ca},   {U"Egrave", 0x00c8},  {U"Epsilon", 0x0395},
    {U"Eta", 0x0397},      {U"Euml", 0x00cb},    {U"GT", 0x003e},      {U"Gamma", 0x0393},
    {U"Iacute", 0x00cd},   {U"Icirc", 0x00ce},   {U"Igrave", 0x00cc},  {U"Iota", 0x0399},
    {U"Iuml", 0x00cf},     {U"Kappa", 0x039a},   {U"LT", 0x003c},      {U"Lambda", 0x039b},
    {U"Mu", 0x039c},       {U"Ntilde", 0x00d1},  {U"Nu", 0x039d},      {U"OElig", 0x0152},
    {U"Oacute", 0x00d3},   {U"Ocirc", 0x00d4},   {U"Ograve", 0x00d2},  {U"Omega", 0x03a9},
    {U"Omicron", 0x039f},  {U"Oslash", 0x00d8},  {U"Otilde", 0x00d5},  {U"Ouml", 0x00d6},
    {U"Phi", 0x03a6},      {U"Pi", 0x03a0},      {U"Prime", 0x2033},   {U"Psi", 0x03a8},
    {U"QUOT", 0x0022},     {U"REG", 0x00ae},     {U"Rho", 0x03a1},     {U"Scaron", 0x0160},
    {U"Sigma", 0x03a3},    {U"THORN", 0x00de},   {U"Tau", 0x03a4},     {U"Theta", 0x0398},
    {U"Uacute", 0x00da},   {U"Ucirc", 0x00db},   {U"Ugrave", 0x00d9},  {U"Upsilon", 0x03a5},
    {U"Uuml", 0x00dc},     {U"Xi", 0x039e},      {U"Yacute", 0x00dd},  {U"Yuml", 0x0178},
    {U"Zeta", 0x0396},     {U"aacute", 0x00e1},  {U"acirc", 0x00e2},   {U"acute", 0x00b4},
    {U"aelig", 0x00e6},    {U"agrave", 0x00e0},  {U"alefsym", 0x2135}, {U"alpha", 0x03b1},
    {U"amp", 0x0026},      {U"and", 0x2227},     {U"ang", 0x2220},     {U"apos", 0x0027},
    {U"aring", 0x00e5},    {U"asymp", 0x2248},   {U"atilde", 0x00e3},  {U"auml", 0x00e4},
    {U"bdquo", 0x201e},    {U"beta", 0x03b2},    {U"brvbar", 0x00a6},  {U"bull", 0x2022},
    {U"cap", 0x2229},      {U"ccedil", 0x00e7},  {U"cedil", 0x00b8},   {U"cent", 0x00a2},
    {U"chi", 0x03c7},      {U"circ", 0x02c6},    {U"clubs", 0x2663},   {U"cong", 0x2245},
    {U"copy", 0x00a9},     {U"crarr", 0x21b5},   {U"cup", 0x222a},     {U"curren", 0x00a4},
    {U"dArr", 0x21d3},     {U"dagger", 0x2020},  {U"darr", 0x2193},    {U"deg", 0x00b0},
    {U"delta", 0x03b4},    {U"diams", 0x2666},   {U"divide", 0x00f7},  {U"eacute", 0x00e9},
    {U"ecirc", 0x00ea},    {U"egrave", 0x00e8},  {U"empty", 0x2205},   {U"emsp", 0x2003},
    {U"ensp", 0x2002},     {U"epsilon", 0x03b5}, {U"equiv", 0x2261},   {U"eta", 0x03b7},
    {U"eth", 0x00f0},      {U"euml", 0x00eb},    {U"euro", 0x20ac},    {U"exist", 0x2203},
    {U"fnof", 0x0192},     {U"forall", 0x2200},  {U"frac12", 0x00bd},  {U"frac14", 0x00bc},
    {U"frac34", 0x00be},   {U"frasl", 0x2044},   {U"gamma", 0x03b3},   {U"ge", 0x2265},
    {U"gt", 0x003e},       {U"hArr", 0x21d4},    {U"harr", 0x2194},    {U"hearts", 0x2665},
    {U"hellip", 0x2026},   {U"iacute", 0x00ed},  {U"icirc", 0x00ee},   {U"iexcl", 0x00a1},
    {U"igrave", 0x00ec},   {U"image", 0x2111},   {U"infin", 0x221e},   {U"int", 0x222b},
    {U"iota", 0x03b9},     {U"iquest", 0x00bf},  {U"isin", 0x2208},    {U"iuml", 0x00ef},
    {U"kappa", 0x03ba},    {U"lArr", 0x21d0},    {U"lambda", 0x03bb},  {U"lang", 0x2329},
    {U"laquo", 0x00ab},    {U"larr", 0x2190},    {U"lceil", 0x2308},   {U"ldquo", 0x201c},
    {U"le", 0x2264},       {U"lfloor", 0x230a},  {U"lowast", 0x2217},  {U"loz", 0x25ca},
    {U"lrm", 0x200e},      {U"lsaquo", 0x2039},  {U"lsquo", 0x2018},   {U"lt", 0x003c},
    {U"macr", 0x00af},     {U"mdash", 0x2014},   {U"micro", 0x00b5},   {U"middot", 0x00b7},
    {U"minus", 0x2212},    {U"mu", 0x03bc},      {U"nabla", 0x2207},   {U"nbsp", 0x00a0},
    {U"ndash", 0x2013},    {U"ne", 0x2260},      {U"ni", 0x220b},      {U"not", 0x00ac},
    {U"notin", 0x2209},    {U"nsub", 0x2284},    {U"ntilde", 0x00f1},  {U"nu", 0x03bd},
    {U"oacute", 0x00f3},   {U"ocirc", 0x00f4},   {U"oelig", 0x0153},   {U"ograve", 0x00f2},
    {U"oline", 0x203e},    {U"omega", 0x03c9},   {U"omicron", 0x03bf}, {U"oplus", 0x2295},
    {U"or", 0x2228},       {U"ordf", 0x00aa},    {U"ordm", 0x00ba},    {U"oslash", 0x00f8},
    {U"otilde", 0x00f5},   {U"otimes", 0x2297},  {U"ouml", 0x00f6},    {U"para", 0x00b6},
    {U"part", 0x2202},     {U"permil", 0x2030},  {U"perp", 0x22a5},    {U"phi", 0x03c6},
    {U"pi", 0x03c0},       {U"piv", 0x03d6},     {U"plusmn", 0x00b1},  {U"pound", 0x00a3},
    {U"prime", 0x2032},    {U"prod", 0x220f},    {U"prop", 0x221d},    {U"psi", 0x03c8},
    {U"quot", 0x0022},     {U"rArr", 0x21d2},    {U"radic", 0x221a},   {U"rang", 0x232a},
    {U"raquo", 0x00bb},    {U"rarr", 0x2192},    {U"rceil", 0x2309},   {U"rdquo", 0x201d},
    {U"real", 0x211c},     {U"reg", 0x00ae},     {U"rfloor", 0x230b},  {U"rho", 0x03c1},
    {U"rlm", 0x200f},      {U"rsaquo", 0x203a},  {U"rsquo", 0x2019},   {U"sbquo", 0x201a},
    {U"scaron", 0x0161},   {U"sdot", 0x22c5},    {U"sect", 0x00a7},    {U"shy", 0x00ad},
    {U"sigma", 0x03c3},    {U"sigmaf", 0x03c2},  {U"sim", 0x223c},     {U"spades", 0x2660},
    {U"sub", 0x2282},      {U"sube", 0x2286},    {U"sum", 0x2211},     {U"sup", 0x2283},
    {U"sup1", 0x00b9},     {U"sup2", 0x00b2},    {U"sup3", 0x00b3},    {U"supe", 0x2287},
    {U"szlig", 0x00df},    {U"tau", 0x03c4},     {U"there4", 0x2234},  {U"theta", 0x03b8},
    {U"thetasym", 0x03d1}, {U"thinsp", 0x2009},  {U"thorn", 0x00fe},   {U"tilde", 0x02dc},
    {U"times", 0x00d7},    {U"trade", 0x2122},   {U"uArr", 0x21d1},    {U"uacute", 0x00fa},
    {U"uarr", 0x2191},     {U"ucirc", 0x00fb},   {U"ugrave", 0x00f9},  {U"uml", 0x00a8},
    {U"upsih", 0x03d2},    {U"upsilon", 0x03c5}, {U"uuml", 0x00fc},    {U"weierp", 0x2118},
    {U"xi", 0x03be},       {U"yacute", 0x00fd},  {U"yen", 0x00a5},     {U"yuml", 0x00ff},
    {U"zeta", 0x03b6},     {U"zwj", 0x200d},     {U"zwnj", 0x200c},
};

char32_t named(std::u32string_view name) {
    const auto* found = std::ranges::lower_bound(kEntities, name, {}, &Entity::name);
    return found != std::end(kEntities) && found->name == name ? found->character : 0;
}

// Those that browsers also know without the semicolon.
bool is_old(char32_t character) {
    return (character >= 0xa0 && character <= 0xff) || character == U'&' || character == U'<' ||
           character == U'>' || character == U'"';
}

bool is_noncharacter(char32_t c) {
    return (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe;
}

// The text of a numeric reference.
std::u32string numeric(uint64_t number) {
    if (number >= 0x80 && number <= 0x9f) {
        return {from_windows_1252(static_cast<unsigned char>(number))};
    }
    if (number == 0 || number > 0x10ffff || (number >= 0xd800 && number <= 0xdfff)) {
        return U"\ufffd";
    }
    const auto c = static_cast<char32_t>(number);
    const bool control = (c < 0x20 && (c < 0x09 || c == 0x0b || c > 0x0d)) || c == 0x7f;
    return control || is_noncharacter(c) ? std::u32string{} : std::u32string{c};
}

int digit(char32_t c, int base) {
    const int value = c >= U'0' && c <= U'9'   ? static_cast<int>(c - U'0')
                      : c >= U'a' && c <= U'f' ? static_cast<int>(c - U'a') + 10
                      : c >= U'A' && c <= U'F' ? static_cast<int>(c - U'A') + 10
                                               : 99;
    return value < base ? value : -1;
}

struct Reference {
    size_t length = 0;  // 0: none here
    std::u32string text;
};

Reference numeric_at(std::u32string_view s, bool strict) {
    const bool hex = s.size() > 2 && (s[2] == U'x' || s[2] == U'X');
    const int base = hex ? 16 : 10;
    size_t i = hex ? 3 : 2;
    const size_t begin = i;
    uint64_t number = 0;
    for (; i < s.size() && digit(s[i], base) >= 0; ++i) {
        number = std::min<uint64_t>(number * base + digit(s[i], base), 0x110000);
    }
    const bool closed = i < s.size() && s[i] == U';';
    if (i == begin || (strict && !closed)) {
        return {};
    }
    return {i + (closed ? 1 : 0), numeric(number)};
}

// `s` starts with an ampersand.
Reference reference_at(std::u32string_view s, bool strict) {
    if (s.size() > 1 && s[1] == U'#') {
        return numeric_at(s, strict);
    }
    constexpr size_t kLongest = 9;  // letters of a name
    size_t end = 1;
    const auto is_alnum = [](char32_t c) {
        return digit(c, 10) >= 0 || (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z');
    };
    while (end < s.size() && end <= kLongest && is_alnum(s[end])) {
        ++end;
    }
    if (end < s.size() && s[end] == U';') {
        if (const char32_t c = named(s.substr(1, end - 1)); c != 0) {
            return {end + 1, {c}};
        }
    }
    for (; !strict && end > 2; --end) {
        if (const char32_t c = named(s.substr(1, end - 1)); c != 0 && is_old(c)) {
            return {end, {c}};
        }
    }
    return {};
}

}  // namespace

std::u32string unescape_html(std::u32string_view text, bool strict) {
    std::u32string out;
    for (size_t i = 0; i < text.size();) {
        const Reference reference =
            text[i] == U'&' ? reference_at(text.substr(i), strict) : Reference{};
        if (reference.length > 0) {
            out += reference.text;
            i += reference.length;
        } else {
            out += text[i++];
        }
    }
    return out;
}

}  // namespace longtake::diffusion::text

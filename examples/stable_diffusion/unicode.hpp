// What a tokenizer asks of Unicode: code points of UTF-8 text, whether they are letters, numbers or spaces, lower case.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stable_diffusion {

/// Throws noisefall::error, with `where`, on text that is not UTF-8.
std::vector<char32_t> code_points_of(std::string_view utf8, const std::string& where);
void append_utf8(std::string& to, char32_t c);

bool is_letter(char32_t c);  // categories L*
bool is_number(char32_t c);  // categories N*
bool is_space(char32_t c);

/// A capital sigma that ends a run of letters becomes the final one.
std::vector<char32_t> lower_case_of(const std::vector<char32_t>& text);

}  // namespace stable_diffusion

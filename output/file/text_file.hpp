// Texts (tables, pictures), and any other bytes, on the disk.
#pragma once

#include <string>
#include <string_view>

namespace shallows {

/// Writes NAME.part and gives it the name NAME, so that NAME is there whole or not at all. Throws Error
/// (data).
void write_text_file(const std::string& name, std::string_view text);

}  // namespace shallows

// Tables of text for terminals and Markdown.
#pragma once

#include <string>
#include <vector>

namespace shallows {

struct TableColumn {
  std::string heading;
  bool number = false;  ///< numbers stand at the right
};

struct TextTable {
  std::vector<TableColumn> columns;
  std::vector<std::vector<std::string>> rows;  ///< a cell for each column
};

/// Aligned columns, two spaces apart.
std::string aligned(const TextTable& table);
std::string markdown(const TextTable& table);

}  // namespace shallows

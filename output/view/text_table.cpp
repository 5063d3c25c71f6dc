#include "output/view/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "output/plot/text_chart.hpp"

namespace shallows {
namespace {

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::size_t shown = display_width(text);
  const std::string space(width > shown ? width - shown : 0, ' ');
  return right ? space + text : text + space;
}

std::string markdown_text(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|' || c == '\\') escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

}  // namespace

std::string aligned(const TextTable& table) {
  std::vector<std::string> headings;
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    headings.push_back(table.columns[i].heading);
    std::size_t width = display_width(headings.back());
    for (const auto& row : table.rows) width = std::max(width, display_width(row[i]));
    widths.push_back(width);
  }
  std::string text;
  const auto add_line = [&](const std::vector<std::string>& cells) {
    assert(cells.size() == table.columns.size());
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      line += (i == 0 ? "" : "  ") + padded(cells[i], widths[i], table.columns[i].number);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  add_line(headings);
  for (const auto& row : table.rows) add_line(row);
  return text;
}

std::string markdown(const TextTable& table) {
  std::string text = "|";
  std::string rule = "|";
  for (const TableColumn& column : table.columns) {
    text += fmt::format(" {} |", column.heading);
    rule += column.number ? " ---: |" : " --- |";
  }
  text += "\n" + rule + "\n";
  for (const auto& row : table.rows) {
    text += "|";
    for (const std::string& cell : row) text += fmt::format(" {} |", markdown_text(cell));
    text += "\n";
  }
  return text;
}

}  // namespace shallows

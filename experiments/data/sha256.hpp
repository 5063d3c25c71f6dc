// SHA-256 (FIPS 180-4), by OpenSSL: the identity of images and files.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace shallows {

class Sha256 {
 public:
  Sha256();
  ~Sha256();

  void add(std::span<const std::byte> bytes);
  /// Of all that was added, 64 hexadecimal digits. Nothing can be added after it.
  std::string hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// Of a file's bytes, as sha256sum prints it. Throws Error (data) if it can't be read.
std::string sha256_of_file(const std::string& path);

}  // namespace shallows

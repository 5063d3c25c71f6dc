// A result that is there whole or not at all.
#pragma once

#include <optional>
#include <string>

#include "output/h5/h5.hpp"

namespace shallows {

/// An HDF5 file that is written as NAME.part and takes the name NAME when it is complete and on the disk.
/// What was called NAME before stays as it is until then, whatever happens. A NAME.part of a killed program
/// is overwritten; that of a running one is refused.
class AtomicFile {
 public:
  /// Throws Error (data) if NAME is there and is not a file, or NAME.part can't be made.
  explicit AtomicFile(std::string name);
  /// Removes NAME.part unless commit() was called.
  ~AtomicFile();
  AtomicFile(AtomicFile&&) = delete;
  AtomicFile& operator=(AtomicFile&&) = delete;

  const std::string& name() const { return name_; }
  const std::string& part() const { return part_; }
  h5::File& file() { return *file_; }

  /// Closes the file, makes sure that it is on the disk and gives it its name. Throws Error (data) if that
  /// fails; the destructor then removes NAME.part. No use of file() after it.
  void commit();

 private:
  std::string name_;
  std::string part_;
  std::optional<h5::File> file_;
  bool finished_ = false;
};

/// Gives a file that is complete and on the disk its name, in place of what had it. Throws Error (data).
void rename_to(const std::string& from, const std::string& name);

/// Brings a directory's entries to the disk, as far as its file system can.
void sync_directory_of(const std::string& path);

}  // namespace shallows

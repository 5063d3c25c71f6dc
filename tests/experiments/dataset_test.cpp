#include "experiments/data/dataset.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "tests/experiments/idx_files.hpp"

namespace shallows {
namespace {

using testing::Bytes;
using testing::contains;
using testing::counting;
using testing::error_of;
using testing::gzip;
using testing::idx;
using testing::TemporaryDirectory;

/// Sets an environment variable for one test.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    setenv(name, value.c_str(), 1);
  }
  ~Environment() {
    if (before_) {
      setenv(name_, before_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

/// Four training images and two test images of 1 x 2 pixels, three classes.
struct TinySet {
  TemporaryDirectory directory;
  Bytes train_pixels = {0, 10, 20, 30, 40, 50, 100, 200};
  Bytes train_labels = {0, 1, 2, 0};
  Bytes test_pixels = {255, 0, 255, 0};
  Bytes test_labels = {1, 2};
  std::uint32_t test_width = 2;

  DatasetConfig write(const std::string& suffix = "") const {
    const auto packed = [&](const Bytes& bytes) { return suffix.empty() ? bytes : gzip(bytes); };
    const auto count = static_cast<std::uint32_t>(train_labels.size());
    const auto tests = static_cast<std::uint32_t>(test_labels.size());
    directory.write("train-images-idx3-ubyte" + suffix, packed(idx({count, 1, 2}, train_pixels)));
    directory.write("train-labels-idx1-ubyte" + suffix, packed(idx({count}, train_labels)));
    directory.write("t10k-images-idx3-ubyte" + suffix, packed(idx({tests, 1, test_width}, test_pixels)));
    directory.write("t10k-labels-idx1-ubyte" + suffix, packed(idx({tests}, test_labels)));
    DatasetConfig config;
    config.directory = directory.path();
    return config;
  }
};

std::string data_error(const DatasetConfig& config) {
  return error_of(ErrorKind::data, [&] { load_dataset(config); });
}

TEST(Dataset, LoadsTheFourStandardFiles) {
  const TinySet files;
  const Dataset dataset = load_dataset(files.write());
  EXPECT_EQ(dataset.name, "mnist");
  EXPECT_EQ(dataset.classes, 3U);
  ASSERT_EQ(dataset.train.size(), 4U);
  ASSERT_EQ(dataset.test.size(), 2U);
  EXPECT_TRUE(dataset.validation.empty());
  EXPECT_EQ(dataset.train.shape(), (ImageShape{.height = 1, .width = 2, .channels = 1}));
  EXPECT_EQ(dataset.train.image(3).pixels[1], 200);
  EXPECT_EQ(dataset.train.label(2), 2);
  EXPECT_EQ(dataset.test.image(1).pixels[0], 255);
  EXPECT_EQ(dataset.test.label(1), 2);
}

TEST(Dataset, IsTheSameInAnotherPlaceAndCompressedButNotWithAnotherPixel) {
  TinySet files, compressed, changed;
  changed.train_pixels[3] = 31;
  DatasetConfig config = files.write();
  config.validation = 1;
  config.classes = "0,1";
  const DataIdentity identity = load_dataset(config).identity;
  EXPECT_EQ(identity.learned.files.images, 4U) << "held-out and left-out images too";
  EXPECT_EQ(identity.learned.first, 3U);
  EXPECT_EQ(identity.learned.classes, "0,1");
  EXPECT_EQ(identity.learned.files, load_dataset(compressed.write(".gz")).identity.learned.files);
  EXPECT_EQ(identity.test, load_dataset(changed.write()).identity.test);
  EXPECT_NE(identity.learned.files, load_dataset(changed.write()).identity.learned.files);
}

TEST(Dataset, LoadsCompressedFiles) {
  const TinySet files;
  EXPECT_EQ(load_dataset(files.write(".gz")).train.size(), 4U);
}

TEST(Dataset, SubtractsTheTrainingMeanFromAllSets) {
  const TinySet files;
  const Dataset dataset = load_dataset(files.write());
  for (const ImageSet* set : {&dataset.train, &dataset.validation, &dataset.test}) {
    ASSERT_EQ(set->mean().size(), 2U);
    EXPECT_FLOAT_EQ(set->mean()[0], 40.0F / 255.0F);
    EXPECT_FLOAT_EQ(set->mean()[1], 72.5F / 255.0F);
  }
}

TEST(Dataset, GivesTheTestSetItsOwnMeanOnRequest) {
  const TinySet files;
  DatasetConfig config = files.write();
  config.mean = MeanSource::own_mean_test;
  const Dataset dataset = load_dataset(config);
  EXPECT_FLOAT_EQ(dataset.test.mean()[0], 1.0F);
  EXPECT_FLOAT_EQ(dataset.test.mean()[1], 0.0F);
  EXPECT_FLOAT_EQ(dataset.train.mean()[0], 40.0F / 255.0F);
}

TEST(Dataset, HoldsOutTheLastTrainingImagesAndKeepsThemOutOfTheMean) {
  const TinySet files;
  DatasetConfig config = files.write();
  config.validation = 1;
  const Dataset dataset = load_dataset(config);
  ASSERT_EQ(dataset.train.size(), 3U);
  ASSERT_EQ(dataset.validation.size(), 1U);
  EXPECT_EQ(dataset.validation.image(0).pixels[0], 100);
  EXPECT_EQ(dataset.validation.label(0), 0);
  EXPECT_FLOAT_EQ(dataset.train.mean()[0], 20.0F / 255.0F);
  EXPECT_FLOAT_EQ(dataset.validation.mean()[0], 20.0F / 255.0F);
  EXPECT_FLOAT_EQ(dataset.test.mean()[0], 20.0F / 255.0F);
}

TEST(Dataset, RefusesAValidationSetThatLeavesNothingToTrainOn) {
  const TinySet files;
  DatasetConfig config = files.write();
  config.validation = 4;
  const std::string message = error_of(ErrorKind::configuration, [&] { load_dataset(config); });
  EXPECT_TRUE(contains(message, "dataset.validation = 4"));
}

TEST(Dataset, LooksInTheEnvironmentsDirectoryByName) {
  const TinySet files;
  files.write();
  const TemporaryDirectory root;
  std::filesystem::create_directory_symlink(files.directory.path(), root.file("mnist"));
  const Environment environment("SHALLOWS_DATA", root.path());
  EXPECT_EQ(load_dataset({}).train.size(), 4U);
}

TEST(Dataset, NamesTheDirectoriesAndTheScriptWhenFilesAreMissing) {
  const TemporaryDirectory empty;
  const Environment environment("SHALLOWS_DATA", empty.path());
  DatasetConfig config;
  config.name = "fashion-mnist";
  const std::string message = data_error(config);
  EXPECT_TRUE(contains(message, empty.file("fashion-mnist") + ", as SHALLOWS_DATA says"));
  EXPECT_TRUE(contains(message, "scripts/data.sh fashion-mnist"));
  const Environment unset("SHALLOWS_DATA", "");
  config.directory = "no/data";
  EXPECT_TRUE(contains(data_error(config), std::filesystem::absolute("no/data").string()));
}

TEST(Dataset, LooksNowhereElseIfTheEnvironmentNamesADirectory) {
  const TinySet files;
  files.write();
  const TemporaryDirectory work;
  std::filesystem::create_directory(work.file("data"));
  std::filesystem::create_directory_symlink(files.directory.path(), work.file("data/mnist"));
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(work.path());
  {
    const Environment empty("SHALLOWS_DATA", "");
    EXPECT_EQ(load_dataset({}).train.size(), 4U);
  }
  const Environment environment("SHALLOWS_DATA", "not/there");
  const std::string message = data_error({});
  EXPECT_TRUE(contains(message, work.file("not/there/mnist") + ", as SHALLOWS_DATA says"));
  std::filesystem::current_path(before);
}

TEST(Dataset, NamesTheFileThatIsMissing) {
  const TinySet files;
  const DatasetConfig config = files.write();
  std::filesystem::remove(files.directory.file("t10k-labels-idx1-ubyte"));
  const std::string message = data_error(config);
  EXPECT_TRUE(contains(message, "t10k-labels-idx1-ubyte"));
  EXPECT_TRUE(contains(message, config.directory));
}

TEST(Dataset, SuggestsTheNearestNameForAnUnknownOne) {
  const TemporaryDirectory empty;
  const Environment environment("SHALLOWS_DATA", empty.path());
  DatasetConfig config;
  config.name = "mnits";
  const std::string message = error_of(ErrorKind::configuration, [&] { load_dataset(config); });
  EXPECT_TRUE(contains(message, "unknown data set 'mnits'"));
  EXPECT_TRUE(contains(message, "did you mean 'mnist'?"));
}

TEST(Dataset, TakesAUsersOwnFiles) {
  const TinySet files;
  const TemporaryDirectory own;
  DatasetConfig config = files.write();
  config.images = own.write("a", idx({3, 1, 2}, counting(6)));
  config.labels = own.write("b", idx({3}, {0, 4, 1}));
  Dataset dataset = load_dataset(config);
  EXPECT_EQ(dataset.train.size(), 3U);
  EXPECT_EQ(dataset.classes, 5U);
  EXPECT_TRUE(dataset.test.empty()) << "own training files are not tested on the standard test files";

  config.test_images = own.write("c", idx({1, 1, 2}, counting(2)));
  config.test_labels = own.write("d", idx({1}, {4}));
  dataset = load_dataset(config);
  ASSERT_EQ(dataset.test.size(), 1U);
  EXPECT_EQ(dataset.test.label(0), 4);
}

TEST(Dataset, RefusesTestLabelsThatTrainingDoesNotHave) {
  TinySet files;
  files.test_labels = {1, 3};
  const std::string message = data_error(files.write());
  EXPECT_TRUE(contains(message, "t10k-labels"));
  EXPECT_TRUE(contains(message, "label 3"));
}

TEST(Dataset, RefusesLabelsOutOfRange) {
  TinySet files;
  files.train_labels = {2, 0, 10, 1};
  const std::string message = data_error(files.write());
  EXPECT_TRUE(contains(message, "train-labels-idx1-ubyte' has a label 10 (image 2)"));
  EXPECT_TRUE(contains(message, "10 classes"));

  const TemporaryDirectory own;
  DatasetConfig config = TinySet().write();
  config.images = own.write("a", idx({3, 1, 2}, counting(6)));
  config.labels = own.write("b", idx({3}, {0, 255, 1}));
  EXPECT_TRUE(contains(data_error(config), "label 255"));
}

TEST(Dataset, RefusesTestImagesOfAnotherShape) {
  TinySet files;
  files.test_width = 3;
  files.test_pixels = counting(6);
  const std::string message = data_error(files.write());
  EXPECT_TRUE(contains(message, "1 x 3 x 1"));
  EXPECT_TRUE(contains(message, "1 x 2 x 1"));
}

TEST(Dataset, RefusesATrainingSetWithOneClass) {
  TinySet files;
  files.train_labels = {2, 2, 2, 2};
  EXPECT_TRUE(contains(data_error(files.write()), "one class"));
  files.train_labels = {1, 1, 1, 2};
  DatasetConfig config = files.write();
  EXPECT_EQ(load_dataset(config).classes, 3U);
  config.validation = 1;
  EXPECT_TRUE(contains(data_error(config), "one class"));
}

TEST(Dataset, ChecksThePatchAgainstTheImages) {
  Config config;
  const ImageShape shape{.height = 28, .width = 20, .channels = 1};
  config.hidden.patch = 20;
  EXPECT_NO_THROW(check_against_data(config, shape));
  config.hidden.patch = 21;
  const std::string message = error_of(ErrorKind::configuration, [&] { check_against_data(config, shape); });
  EXPECT_TRUE(contains(message, "hidden.patch = 21"));
  EXPECT_TRUE(contains(message, "28 x 20"));
  config.hidden.bank = NoBank::Params{};
  EXPECT_NO_THROW(check_against_data(config, shape));
}

TEST(Dataset, ChecksTheFeaturesAndColoursOfABankAgainstTheImages) {
  Config config;
  config.hidden.patch = 2;
  IcaParams ica;
  ica.features = 11;
  config.hidden.bank = ica;
  const ImageShape colour{.height = 8, .width = 8, .channels = 3};
  EXPECT_NO_THROW(check_against_data(config, colour));
  ica.features = 12;
  config.hidden.bank = ica;
  EXPECT_TRUE(contains(error_of(ErrorKind::configuration, [&] { check_against_data(config, colour); }),
                       "choose 1 to 11"));
  SparseParams sparse;
  sparse.features = 12;
  config.hidden.size = 24;
  config.hidden.bank = sparse;
  EXPECT_NO_THROW(check_against_data(config, colour)) << "a sparse code may be overcomplete";
  config.hidden.bank = GaborParams{.gabor_colour = GaborColour::opponent};
  EXPECT_NO_THROW(check_against_data(config, colour));
  const ImageShape gray{.height = 8, .width = 8};
  EXPECT_TRUE(contains(error_of(ErrorKind::configuration, [&] { check_against_data(config, gray); }),
                       "gabor_colour"));
  config.hidden.bank = RandomParams{};
  EXPECT_NO_THROW(check_against_data(config, gray));
  config.hidden.bank = RandomParams{.cubed_colour_scale = true};
  EXPECT_NO_THROW(check_against_data(config, colour));
  EXPECT_TRUE(contains(error_of(ErrorKind::configuration, [&] { check_against_data(config, gray); }),
                       "cubed_colour_scale"));
}

}  // namespace
}  // namespace shallows

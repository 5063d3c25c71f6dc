#include "output/record/descriptions.hpp"

#include <fnmatch.h>

#include <array>
#include <string_view>

namespace shallows {
namespace {

struct Row {
  const char* pattern;  ///< as a shell's; * stands for a part of one name
  const char* unit;
  const char* description;
};

/// Arrays at other moments than the end of training, under the name that they have there.
struct Moment {
  std::string_view prefix;
  const char* description;
};

constexpr std::array kMoments = {
    Moment{"/initial",
           " This is before the first training presentation (before every one without protocol.carry_over)."},
    Moment{"/test", " This is where every test and validation image starts."},
};

// The first sentence is short: 'shallows inspect' shows it alone.
constexpr std::array kRows = {
    Row{"/", "",
        "A file of shallows. Every object has a description, every dataset a unit; docs/files.md in the "
        "source of shallows says how they belong together: equations, order of events, random streams, "
        "replay."},

    Row{"/provenance", "",
        "How the file was made. config: all settings (TOML), which the descriptions name as section.key; "
        "rng: the random streams; bank: where a bank that was given comes from; from: the run that it goes "
        "on from."},
    Row{"/provenance/recording", "1",
        "By which a checkpoint knows the recording that became this file, [id, how often it was brought to "
        "the disk]."},
    Row{"/summary", "",
        "Figures of the whole run. *_accuracy in percent, *seconds of wall time, ms_per_image of wall time "
        "per image, spikes and synaptic operations per image by population."},

    Row{"/data", "",
        "Which images the network has learned from and was tested on. *_sha256: of all images and labels "
        "of the files; *_images: how many they are; train_first: learned from the first so many; classes: "
        "of these classes only; earlier: what else has shaped the network."},
    Row{"/data/pixel_mean", "1",
        "Mean of pixel / 255 over the training images, [pixel]. A network sees pixel / 255 minus this, "
        "also in tests."},
    Row{"/data/test_pixel_mean", "1",
        "The same for the test images, [pixel]. Subtracted from them with dataset.mean = \"own-mean-test\"."},

    Row{"/spikes", "", "SONATA spike trains, one group for each recorded population."},
    Row{"/spikes/*", "",
        "Spikes of one population, sorted by time, then by node_ids. /trials/offsets_NAME cuts them into "
        "presentations; size: neurons; t_start, t_stop: of all trials, ms."},
    Row{"/spikes/*/timestamps", "", "Time of the spike on the axis of /trials/start."},
    Row{"/spikes/*/node_ids", "",
        "Neuron that spiked. An input neuron is the pixel (channel rows + row) columns + column, a readout "
        "neuron the class."},

    Row{"/trials", "",
        "One row for each presentation: the recorded ones of the training, then all validation, then all "
        "test images."},
    Row{"/trials/start", "ms",
        "When the image appears. The axis begins with the first training presentation and counts those "
        "that are not recorded, too; in a file of 'shallows test' it begins with the first image. "
        "Presentations of rate and memory networks take no time."},
    Row{"/trials/stop", "ms", "When it disappears: the next presentation's start."},
    Row{"/trials/sample", "1",
        "Index of the image in its set, from 0. With dataset.validation = V the last V images of the "
        "training files are the validation set, counted from its own first one; then dataset.classes "
        "leaves out images of each set, and the others are counted."},
    Row{"/trials/label", "1", "True class; 255: none."},
    Row{"/trials/predicted", "1",
        "Class that the network answers; 255: none. That of the largest score, the first of equal ones. In "
        "training, before the image is learned: of a spiking network by its readout spikes in the "
        "transient."},
    Row{"/trials/phase", "1", "train, validation or test."},
    Row{"/trials/scores", "1",
        "What the answer was chosen by, [trial, class]. Readout spikes in the last protocol.count_ms "
        "(spiking), rectified rates or softmax probabilities (rate), votes (memory); NaN in training."},
    Row{"/trials/offsets_*", "1", "Rows of /spikes/NAME: trial k has [offsets[k], offsets[k + 1])."},
    Row{"/trials/recorded_*", "1", "Whether the population was recorded in the trial: 0 no, 1 yes."},

    Row{"/training", "", "What was shown when."},
    Row{"/training/order", "1",
        "Index of the image that training presentation k = 0, ..., K - 1 shows, counted as /trials/sample. "
        "Its learning rate is training.learning_rate training.learning_rate_decay^(-k / K)."},

    Row{"/metrics", "",
        "Learning curve. One row for every 1000 presentations and one for the rest; it covers the "
        "presentations since the row before."},
    Row{"/metrics/images", "1", "Presentations so far."},
    Row{"/metrics/online_accuracy", "%",
        "Correct ones of the images that were judged, each before it was learned; NaN if none was."},
    Row{"/metrics/learning_rate", "mV/kHz (spiking), 1 (rate)", "Of the last presentation."},
    Row{"/metrics/*_spikes_per_image", "1", "Mean number of spikes of this population."},
    Row{"/metrics/synaptic_events_per_image", "1",
        "Mean number of spikes that arrived at existing synapses; multiply-adds of rate and memory "
        "networks."},
    Row{"/metrics/seconds", "s", "Wall time of the training so far."},
    Row{"/metrics/feedback_angle_deg", "deg",
        "Angle between the hidden errors of feedback alignment and of backpropagation, mean over every 40th "
        "image, of a bank that learns in place."},
    Row{"/metrics/loss", "1", "Mean loss of the images, each before it was learned."},
    Row{"/metrics/*_update_angle_deg", "deg",
        "Angle between what the layer's rule asked for in the row's first update and what backpropagation "
        "would."},
    Row{"/metrics/*_feedback_angle_deg", "deg",
        "Angle between the layer's feedback and the forward weights."},
    Row{"/metrics/*_largest_weight", "1", "Largest magnitude of a weight of the layer."},
    Row{"/metrics/*_dead_units", "1", "Units of the layer that answered 0 to all images of the row."},

    Row{"/progress", "", "How far the training is: what a resumed run goes on counting."},
    Row{"/progress/total", "",
        "Sums over all presentations. judged: those with an answer; synaptic_events: arrivals at existing "
        "synapses, or multiply-adds; seconds: wall time."},
    Row{"/progress/window", "",
        "The same sums since the last row of /metrics. feedback_angle_sum_deg is the sum of feedback_angles "
        "angles."},

    Row{"/evaluation", "", "Answers to the validation and test images."},
    Row{"/evaluation/*_confusion", "1", "Number of images, [true class, predicted class]."},

    Row{"/network", "", "Shape of the images and number of classes."},
    Row{"/network/image_shape", "pixel", "Shape of the images, [rows, columns, channels]."},
    Row{"/network/class_count", "1", "Number of classes. Labels are 0, 1, ... below it."},

    Row{"/receptive_fields", "",
        "Bank of the hidden layer: filter i sees the square patch whose first pixel is (row[i], column[i])."},
    Row{"/receptive_fields/filters", "mV (spiking), 1 (rate, memory)",
        "Weights from the pixels of the neuron's patch, [neuron, channel, row, column]. Scaled as the "
        "network uses them; in a bank file as drawn or learned."},
    Row{"/receptive_fields/row", "pixel", "First row of the neuron's patch."},
    Row{"/receptive_fields/column", "pixel", "First column of the neuron's patch."},
    Row{"/receptive_fields/lateral_weights", "1",
        "Inhibition among the neurons of one patch that sparse coding has learned, [population, from, to]."},
    Row{"/receptive_fields/thresholds", "1", "Thresholds that sparse coding has learned, one per neuron."},

    Row{"/thresholds", "", "Spike thresholds, one per neuron, drawn once."},
    Row{"/thresholds/input_mV", "mV", "Of the input population, one neuron per pixel."},
    Row{"/thresholds/hidden_mV", "mV", "Of the hidden layer."},
    Row{"/thresholds/readout_mV", "mV", "Of the readout, one neuron per class."},
    Row{"/thresholds/simple_mV", "mV", "Of the simple cells that the hidden layer pools."},
    Row{"/thresholds/hidden?_mV", "mV", "Of this hidden layer."},

    Row{"/simple_cells", "",
        "The simple cells that the hidden layer of a spiking network pools, of hidden.pool. Each has the "
        "filter "
        "of its complex cell. A complex cell gets 1.001 (highest threshold - reset) from each of its own."},
    Row{"/simple_cells/field", "1", "Hidden neuron (complex cell) that pools it."},
    Row{"/simple_cells/row", "pixel", "First row of its patch."},
    Row{"/simple_cells/column", "pixel", "First column of its patch."},

    Row{"/projections", "", "Synapses of hidden layers above the first one, each from the layer below it."},
    Row{"/projections/*", "", "Synapses of this layer."},
    Row{"/projections/*/weights", "mV (spiking), 1 (rate)",
        "Weights [neuron, neuron below]; of a layer that does not see all below it one for each synapse, "
        "neuron "
        "by neuron."},
    Row{"/projections/*/source", "1", "Neuron below from which the synapse comes."},
    Row{"/projections/*/first", "1",
        "Where the synapses of each neuron begin: neuron i has [first[i], first[i + 1])."},
    Row{"/projections/*/row", "pixel", "Row of the centre of what the neuron sees of the image."},
    Row{"/projections/*/column", "pixel", "Column of the centre of what the neuron sees of the image."},

    Row{"/weights", "", "Weights beside those of /receptive_fields."},
    Row{"/weights/readout", "", "To the readout, before the first and after the last training presentation."},
    Row{"/weights/readout/initial", "mV (spiking), 1 (rate)",
        "Weights before the first training presentation, [class, hidden neuron]. From the pixels without a "
        "hidden layer."},
    Row{"/weights/readout/final", "mV (spiking), 1 (rate)",
        "Weights after the last training presentation, [class, hidden neuron]. From the pixels without a "
        "hidden layer."},
    Row{"/biases", "", "Of the units of a rate network."},
    Row{"/biases/hidden*", "1", "Bias of each unit of this hidden layer, its threshold subtracted."},
    Row{"/biases/readout", "1", "Bias of each readout unit."},

    Row{"/feedback", "", "Weights by which errors come to hidden layers of feedback alignment."},
    Row{"/feedback/hidden*", "1",
        "To this layer, from the one above or (direct feedback alignment) from the readout: one for each "
        "synapse "
        "between them, in the order of the forward weights, neuron of the upper layer by neuron."},
    Row{"/thresholding", "", "Of hidden.thresholding and readout.thresholding."},
    Row{"/thresholding/*", "1", "Mean of the increments so far, in the order of the layer's weights."},
    Row{"/offsets", "", "Of hidden.2.centring, ... and readout.centring."},
    Row{"/offsets/*", "1", "What is taken from the layer's inputs, [input]: a mean that follows them."},
    Row{"/optimiser", "", "What learning in the general form has to remember beside weights."},
    Row{"/optimiser/updates", "1", "Updates so far."},
    Row{"/optimiser/update_angles_deg", "deg",
        "Angle between the last update that was measured and that of backpropagation, of each layer that "
        "learns in "
        "the general form and of the readout; -1 if there is none."},
    Row{"/optimiser/*", "", "Of this layer."},
    Row{"/optimiser/*/updates", "1", "Updates of this layer so far."},
    Row{"/optimiser/*/answered", "1",
        "1 for each unit that has answered since the last row of /metrics, else 0."},
    Row{"/optimiser/*/weights?", "1",
        "State of the optimiser, one value for each weight in their order: velocity of momentum, mean square "
        "of "
        "rmsprop, mean (0) and mean square (1) of adam."},
    Row{"/optimiser/*/biases?", "1", "The same of the biases."},

    Row{"/state", "",
        "Of a spiking network: all that changes but weights. At the end of training, at the start of the "
        "next presentation; times count from there. I is a population's drive, theta its thresholds."},
    Row{"/state/input", "", "Of the input population."},
    Row{"/state/hidden", "",
        "Of the hidden layer; I = hidden.bias_mV, of complex cells (hidden.pool) neuron.reset_mV."},
    Row{"/state/simple", "", "Of the simple cells that the hidden layer pools; I = hidden.bias_mV."},
    Row{"/state/hidden?", "", "Of this hidden layer; I is its bias_mV."},
    Row{"/state/readout", "", "Of the readout; I = readout.bias_mV."},
    Row{"/state/*/v_mV", "mV", "Voltage v; void while the neuron is refractory."},
    Row{"/state/*/refractory_left_ms", "ms", "Time until the neuron is free, i.e. not refractory; 0: it is."},
    Row{"/state/*/normalised_v", "1",
        "x = (v - I) / (theta - I), 1 at the threshold. x exp(-t / tau) is its value t later; of a "
        "refractory neuron it is such that this is the reset's when the neuron is free."},
    Row{"/state/readout/u_mV", "mV",
        "u = v - I. u exp(-t / tau) is its value t later; of a refractory neuron it is such that this is the "
        "reset's when the neuron is free."},
    Row{"/state/readout/trace_kHz", "kHz",
        "Spike trace tr. tau_tr dtr/dt = -tr + sum over the neuron's spikes of delta(t - t_spike), with "
        "tau_tr = readout.trace_tau_ms (readout.tau_minus_ms of pair STDP)."},
    Row{"/state/readout/pre_trace_kHz", "kHz",
        "The same of the neurons that the readout sees (with readout.tau_plus_ms of pair STDP); only for "
        "rules "
        "that act at every event of a synapse."},
    Row{"/state/pending_*", "", "Spikes on their way to this layer."},
    Row{"/state/pending_*/time_ms", "ms", "When the spike arrives."},
    Row{"/state/pending_*/source", "1", "Neuron that sent it."},

    Row{"/initial", "",
        "What training changes, before its first presentation, under the names that it has at the end; the "
        "readout's weights are in /weights/readout."},
    Row{"/test", "", "The state from which every test and validation image starts."},

    Row{"/memory", "", "Rows of a memory network."},
    Row{"/memory/channel_*", "", "Rows of the memory of one colour channel."},
    Row{"/memory/batches", "1", "Number of batches learned."},
    // Of one memory, or of each channel's.
    Row{"/memory/rows", "1", "Means of inputs, [row, feature]. In the order in which they were made."},
    Row{"/memory/labels", "1", "Class of the row."},
    Row{"/memory/counters", "1", "Inputs whose mean the row is."},
    Row{"/memory/changed", "1", "Number of the batch that moved the row last."},

    Row{"/recording", "",
        "The recording that this checkpoint belongs to, NAME.recording, and how to bring it back to this "
        "moment."},
    Row{"/recording/size", "byte", "Size of the recording."},
    Row{"/recording/stamp", "1",
        "Where the recording says which one it is, [offset, id, how often it was brought to the disk]."},
    Row{"/recording/pages", "1", "Numbers of the pages that may have changed since, of 4096 bytes each."},
    Row{"/recording/bytes", "1", "What was in these pages, [page, byte]."},
    Row{"/recording/complete", "1", "The recording has become the run file, or is about to."},
};

const Row* row_of(const std::string& path) {
  for (const Row& row : kRows) {
    if (fnmatch(row.pattern, path.c_str(), FNM_PATHNAME) == 0) return &row;
  }
  return nullptr;
}

/// The name that a channel's rows have where there is only one memory.
std::string without_channel(const std::string& path) {
  constexpr std::string_view kChannel = "/memory/channel_";
  const std::size_t end = path.find('/', kChannel.size());
  return path.starts_with(kChannel) && end != std::string::npos ? "/memory" + path.substr(end) : path;
}

void describe_below(h5::File& file, const std::string& group) {
  const auto put = [&](const std::string& path) {
    const auto meaning = meaning_of(path);
    if (!meaning) return;
    file.write_attribute(path, kDescription, meaning->description);
    if (!meaning->unit.empty()) file.write_attribute(path, kUnit, meaning->unit);
  };
  put(group);
  for (const h5::Child& child : file.children(group)) {
    const std::string path = (group == "/" ? "" : group) + "/" + child.name;
    if (child.kind == h5::ObjectKind::group) describe_below(file, path);
    if (child.kind == h5::ObjectKind::dataset) put(path);
  }
}

}  // namespace

std::optional<Meaning> meaning_of(const std::string& path) {
  std::string name = without_channel(path);
  std::string when;
  for (const Moment& moment : kMoments) {
    if (!name.starts_with(std::string(moment.prefix) + "/")) continue;
    name = name.substr(moment.prefix.size());
    when = moment.description;
  }
  const Row* row = row_of(name);
  if (row == nullptr) return std::nullopt;
  return Meaning{.unit = row->unit, .description = row->description + when};
}

void describe(h5::File& file) { describe_below(file, "/"); }

}  // namespace shallows

#include "models/memory/memory_network.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "sim/core/error.hpp"

namespace shallows {

MemoryNetwork::MemoryNetwork(const MemoryParams& params, const ReceptiveFields* bank, ImageShape shape,
                             std::size_t classes)
    : params_(params),
      classes_(classes),
      fields_(bank != nullptr ? bank->size() : 0),
      features_(params, bank, shape) {
  if (params.max_neurons < classes) {
    throw Error(ErrorKind::configuration, "memory.max_neurons = " + std::to_string(params.max_neurons) +
                                              " is less than a row for each of the " +
                                              std::to_string(classes) +
                                              " classes (the others could never be answered); raise it");
  }
  const bool voting = params.channels == Channels::vote;
  if (voting && bank != nullptr) {
    throw Error(ErrorKind::configuration,
                "memory.channels = \"vote\" does not go with receptive fields (a field sees all channels); "
                "choose \"joint\" or hidden.kind = \"none\"");
  }
  const std::size_t count = voting ? shape.channels : 1;
  for (std::size_t m = 0; m < count; ++m)
    memories_.emplace_back(params, features_.dimension() / count, classes);
}

std::size_t MemoryNetwork::hidden() const {
  std::size_t total = 0;
  for (const Memory& memory : memories_) total += memory.rows().size();
  return total;
}

std::uint64_t MemoryNetwork::operations() const {
  std::uint64_t total = features_.operations();
  for (const Memory& memory : memories_) total += memory.rows().size() * memory.rows().dimension();
  return total;
}

std::uint64_t MemoryNetwork::operations(std::uint8_t label) const {
  std::uint64_t total = features_.operations();
  for (const Memory& memory : memories_) total += memory.rows().count(label) * memory.rows().dimension();
  return total;
}

std::vector<float> MemoryNetwork::part(std::span<const float> features, std::size_t m) const {
  if (memories_.size() == 1) return {features.begin(), features.end()};
  const std::size_t width = memories_[m].rows().dimension();
  const std::size_t images = features.size() / features_.dimension();
  std::vector<float> values;
  values.reserve(images * width);
  for (std::size_t i = 0; i < images; ++i) {
    const auto own = features.subspan(i * features_.dimension() + m * width, width);
    values.insert(values.end(), own.begin(), own.end());
  }
  return values;
}

void MemoryNetwork::learn(std::span<const Presentation> presentations, std::size_t judge_every,
                          std::span<std::uint8_t> predicted) {
  assert(predicted.size() == presentations.size());
  std::fill(predicted.begin(), predicted.end(), kNotJudged);
  std::vector<Image> images;
  std::vector<std::uint8_t> labels;
  for (const Presentation& shown : presentations) {
    images.push_back(shown.image);
    labels.push_back(shown.label);
  }
  const std::vector<float> features = features_.of(images);
  const std::size_t width = features_.dimension();
  for (std::size_t first = 0; first < labels.size(); first += params_.batch) {
    const std::size_t count = std::min(params_.batch, labels.size() - first);
    const auto batch = std::span<const float>(features).subspan(first * width, count * width);
    if (judge_every > 0 && memories_.front().rows().size() > 0) {
      std::vector<std::size_t> judged;
      std::vector<float> shown;
      for (std::size_t i = 0; i < count; ++i) {
        if ((first + i) % judge_every != 0) continue;
        judged.push_back(first + i);
        const auto own = batch.subspan(i * width, width);
        shown.insert(shown.end(), own.begin(), own.end());
      }
      const std::vector<Response> answers = answer(shown);
      for (std::size_t i = 0; i < judged.size(); ++i) predicted[judged[i]] = answers[i].predicted;
    }
    for (std::size_t m = 0; m < memories_.size(); ++m) {
      memories_[m].learn(part(batch, m), std::span(labels).subspan(first, count));
    }
  }
}

Response MemoryNetwork::majority(std::span<const Response> answers, std::span<const float> distances) const {
  Response response{.kind = ScoreKind::vote, .scores = std::vector<float>(classes_, 0.0F)};
  for (const Response& answer : answers) response.scores[answer.predicted] += 1.0F;
  const float most = *std::max_element(response.scores.begin(), response.scores.end());
  std::size_t nearest = answers.size();
  for (std::size_t m = 0; m < answers.size(); ++m) {
    if (response.scores[answers[m].predicted] < most) continue;
    if (nearest == answers.size() || distances[m] < distances[nearest]) nearest = m;
  }
  response.predicted = answers[nearest].predicted;
  return response;
}

std::vector<Response> MemoryNetwork::answer(std::span<const float> features) const {
  const std::size_t images = features.size() / features_.dimension();
  const std::size_t k = params_.neighbours;
  std::vector<std::vector<Match>> matches;
  for (std::size_t m = 0; m < memories_.size(); ++m)
    matches.push_back(memories_[m].nearest(part(features, m)));
  std::vector<Response> responses;
  for (std::size_t i = 0; i < images; ++i) {
    std::vector<Response> answers;
    std::vector<float> distances;
    for (std::size_t m = 0; m < memories_.size(); ++m) {
      const auto own = std::span<const Match>(matches[m]).subspan(i * k, k);
      answers.push_back(memories_[m].vote(own));
      distances.push_back(own.front().distance);
    }
    responses.push_back(answers.size() == 1 ? std::move(answers.front()) : majority(answers, distances));
  }
  return responses;
}

std::vector<Response> MemoryNetwork::respond(std::span<const Image> images) const {
  if (std::any_of(memories_.begin(), memories_.end(),
                  [](const auto& memory) { return memory.rows().size() == 0; })) {
    throw Error(ErrorKind::network,
                "the memory is empty (it has learned no image, so no row can answer); train it first");
  }
  return answer(features_.of(images));
}

void MemoryNetwork::restore_row(std::size_t m, std::span<const float> values, std::uint32_t label,
                                std::uint32_t counter, std::uint32_t changed) {
  assert(m < memories_.size());
  const auto refuse = [](const std::string& problem) {
    throw Error(ErrorKind::data, "the stored memory is broken (" + problem +
                                     "); the file was changed or damaged, train again");
  };
  const std::string row = "row " + std::to_string(memories_[m].rows().size());
  if (values.size() != memories_[m].rows().dimension()) refuse(row + " is of another length than the images");
  if (memories_[m].rows().size() >= params_.max_neurons) refuse("more rows than memory.max_neurons");
  if (label >= classes_) refuse(row + " has the label " + std::to_string(label));
  if (counter == 0) refuse(row + " has the counter 0");
  if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); })) {
    refuse(row + " holds values that are no numbers");
  }
  memories_[m].restore_row(values, static_cast<std::uint8_t>(label), counter, changed);
}

void MemoryNetwork::restore_batches(std::uint32_t batches) {
  for (Memory& memory : memories_) memory.restore_batches(batches);
}

}  // namespace shallows

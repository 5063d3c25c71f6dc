#include "sim/layer/cohort_walk.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <numeric>
#include <vector>

#include "sim/layer/lif_kernel.hpp"
#include "sim/layer/release_positions.hpp"
#include "sim/vector/bit_lists.hpp"

namespace shallows {
namespace {

constexpr std::size_t kSliceWords = kSliceArrivals / 64;
constexpr std::uint32_t kCohortMask = (1U << kCohortBlocks) - 1;

/// A block that walks: a member of the team until it is at the end of its list.
struct Member {
  std::size_t block;   // of the cohort
  std::size_t next;    // entry of its list
  std::size_t length;  // of the list
};

/// Working memory, some MB.
template <class Real>
struct Scratch {
  std::uint32_t first_arrival;  // of the slice, in the whole train
  // The slice's arrivals at the cohort, beside those in `lists`.
  std::size_t size;
  std::uint16_t position[kSliceArrivals + kBitListSlack];  // in the slice
  std::uint32_t targets[kSliceArrivals + kBitListSlack];   // see Cohort::targets_of
  std::uint16_t blocks[kSliceArrivals + 64];               // bit b: reaches the cohort's block b

  std::uint64_t reach[kCohortBlocks * kSliceWords];  // [block][word]: bit k, arrival k reaches the block
  std::size_t length[kCohortBlocks];                 // of the blocks' lists
  std::vector<std::size_t> walking_order;            // blocks, those with the longest lists first

  std::array<Member, kTeamBlocks> team;
  alignas(64) Real free_from[kCohortBlocks * kBlockLanes];  // of the cohort's lanes, see BlockWalk
  TeamLists<Real> lists;
  VolleyScratch volleys;
};

template <class Real>
class CohortWalk {
 public:
  CohortWalk(const Cohort<Real>& cohort, const ArrivalFrame<Real>& frame, Scratch<Real>& scratch,
             std::span<BlockSpikes> spikes, LayerTimes* times)
      : cohort_(cohort), frame_(frame), scratch_(scratch), spikes_(spikes), clock_(times) {
    scratch_.lists.simultaneous = !frame.instant.empty();
    scratch_.lists.refractory = !cohort.free_at.empty();
  }

  void walk_slice(std::size_t begin) {
    select_arrivals(begin);
    const auto slice = frame_.times.subspan(begin, std::min(kSliceArrivals, frame_.times.size() - begin));
    const auto free_from = std::span(scratch_.free_from).first(cohort_.free_at.size());
    if (!free_from.empty()) enter_slice<Real>(slice, cohort_.free_at, free_from);
    walk_blocks(begin);
    if (!free_from.empty()) leave_slice<Real>(slice, cohort_.refractory_ms, free_from, cohort_.free_at);
  }

 private:
  /// Finds the arrivals of the slice that reach the cohort, and which of them reach each of its blocks.
  void select_arrivals(std::size_t begin) {
    auto& lists = scratch_.lists;
    scratch_.first_arrival = static_cast<std::uint32_t>(frame_.first + begin);
    const std::size_t words = std::min(kSliceWords, frame_.words - begin / 64);
    const auto reach = frame_.reach.subspan(cohort_.index * frame_.words + begin / 64, words);
    scratch_.size = list_set_bits(reach, scratch_.position);
    select_set_bits(reach, frame_.sources.subspan(begin), scratch_.targets);
    select_set_bits(reach, frame_.scale.subspan(begin), lists.scale);
    if (lists.refractory) {
      select_set_bits(reach, frame_.free_from.subspan(begin), lists.free_from);
      for (std::size_t e = 0; e < scratch_.size; ++e) lists.position[e] = scratch_.position[e];
    }
    const std::uint32_t* targets_of = cohort_.targets_of.data();
    for (std::size_t e = 0; e < scratch_.size; ++e) scratch_.targets[e] = targets_of[scratch_.targets[e]];
    for (std::size_t e = 0; e < scratch_.size; ++e) {
      scratch_.blocks[e] = static_cast<std::uint16_t>(scratch_.targets[e] & kCohortMask);
      lists.row[e] = (scratch_.targets[e] >> kCohortBlocks) * kBlockLanes;
    }
    std::fill_n(scratch_.blocks + scratch_.size, 64, std::uint16_t{0});
    split_masks(scratch_.blocks, scratch_.size, cohort_.blocks, scratch_.reach, kSliceWords, scratch_.length);
    auto& order = scratch_.walking_order;
    order.resize(cohort_.blocks);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return scratch_.length[a] > scratch_.length[b]; });
  }

  void walk_blocks(std::size_t begin) {
    std::size_t next = 0;
    const auto join_next = [&](std::size_t member) { join(scratch_.walking_order[next++], member, begin); };
    std::size_t size = std::min(kTeamBlocks, cohort_.blocks);
    for (std::size_t member = 0; member < size; ++member) join_next(member);
    clock_.lap(&LayerTimes::filtering);
    while (size > 0) {
      walk(size);
      clock_.lap(&LayerTimes::walking);
      for (std::size_t member = size; member-- > 0;) {
        if (scratch_.team[member].next < scratch_.team[member].length) continue;
        hand_over(member, member);
        clock_.lap(&LayerTimes::ordering);
        if (next < cohort_.blocks) {
          join_next(member);
        } else if (member != --size) {
          hand_over(size, member);
        }
        clock_.lap(&LayerTimes::filtering);
      }
    }
  }

  /// Makes the block a member of the team and lists its arrivals of the slice.
  void join(std::size_t block, std::size_t member, std::size_t begin) {
    TeamLists<Real>& lists = scratch_.lists;
    const std::uint16_t* entry = lists.entry[member];
    const std::size_t length =
        list_set_bits(std::span(scratch_.reach).subspan(block * kSliceWords, (scratch_.size + 63) / 64),
                      lists.entry[member]);
    scratch_.team[member] = {.block = block, .next = 0, .length = length};
    if (!lists.simultaneous) return;
    // Among the arrivals at this block, the last one of an instant tests the threshold.
    for (std::size_t i = 0; i < length; ++i) {
      lists.threshold[member][i] = lists.scale[entry[i]];
      const std::size_t k = begin + scratch_.position[entry[i]];
      for (std::size_t next = k + 1; next <= frame_.instant[k] - frame_.first; ++next) {
        if ((cohort_.targets_of[frame_.sources[next]] >> block & 1) == 0) continue;
        lists.threshold[member][i] = std::numeric_limits<Real>::infinity();
        break;
      }
    }
  }

  /// The first `size` members walk until one of them is at its end.
  void walk(std::size_t size) {
    std::array<BlockWalk<Real>, kTeamBlocks> team;
    std::size_t steps = kSliceArrivals;
    for (std::size_t m = 0; m < size; ++m) {
      const Member& member = scratch_.team[m];
      const std::size_t lane = member.block * kBlockLanes;
      team[m] = {
          .weights = cohort_.synapses.weights(cohort_.synapses.blocks()[cohort_.first_block + member.block]),
          .reset = cohort_.reset.data() + lane,
          .x = cohort_.x.data() + lane,
          .free_from = scratch_.free_from + lane,
          .next = member.next};
      steps = std::min(steps, member.length - member.next);
    }
    run_lif_team<Real>(std::span(team).first(size), steps, scratch_.lists);
    for (std::size_t m = 0; m < size; ++m) scratch_.team[m].next += steps;
  }

  /// Adds the spikes of what a member has walked, and moves what is left of its list to the front of that of
  /// member `to`, whose place it takes.
  void hand_over(std::size_t from, std::size_t to) {
    TeamLists<Real>& lists = scratch_.lists;
    const Member member = scratch_.team[from];
    append_volleys({.lanes = {lists.spikes[from], member.next},
                    .entry = lists.entry[from],
                    .arrival = scratch_.position,
                    .first_arrival = scratch_.first_arrival},
                   scratch_.volleys, spikes_[cohort_.first_block + member.block]);
    const std::size_t left = member.length - member.next;
    std::copy_n(lists.entry[from] + member.next, left, lists.entry[to]);
    if (lists.simultaneous) std::copy_n(lists.threshold[from] + member.next, left, lists.threshold[to]);
    scratch_.team[to] = {.block = member.block, .next = 0, .length = left};
  }

  const Cohort<Real>& cohort_;
  const ArrivalFrame<Real>& frame_;
  Scratch<Real>& scratch_;
  std::span<BlockSpikes> spikes_;
  LapClock clock_;
};

}  // namespace

template <class Real>
void walk_cohort(const Cohort<Real>& cohort, const ArrivalFrame<Real>& frame, std::span<BlockSpikes> spikes,
                 LayerTimes* times) {
  // Kept by the thread: nothing here hands the thread to another task meanwhile.
  thread_local const auto scratch = std::make_unique<Scratch<Real>>();
  for (BlockSpikes& block : spikes.subspan(cohort.first_block, cohort.blocks)) {
    block.reserve(block.size() + frame.sources.size() / 8);  // more than most blocks need
  }
  CohortWalk<Real> walk(cohort, frame, *scratch, spikes, times);
  for (std::size_t begin = 0; begin < frame.sources.size(); begin += kSliceArrivals) walk.walk_slice(begin);
  for (Real& value : cohort.x) value *= frame.rebase;
}

template void walk_cohort<float>(const Cohort<float>&, const ArrivalFrame<float>&, std::span<BlockSpikes>,
                                 LayerTimes*);
template void walk_cohort<double>(const Cohort<double>&, const ArrivalFrame<double>&, std::span<BlockSpikes>,
                                  LayerTimes*);

}  // namespace shallows

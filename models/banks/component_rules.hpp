// The lists of ways to principal and to independent components. One that learns online says by which rate rule
// of linear neurons (plasticity/rates), from samples drawn with replacement.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plasticity/rates/hebbian_rules.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/list.hpp"

namespace shallows {

/// Of a way that has no parameters beside those of the bank.
template <class Way>
struct ComponentRuleParams {
  static Fields<ComponentRuleParams> fields() { return {}; }
};

struct CovarianceEigenvectors {
  using Params = ComponentRuleParams<CovarianceEigenvectors>;
  static constexpr std::string_view name = "batch";
  static constexpr std::string_view about = "eigenvectors of the covariance, as released";
};

struct OnlineSanger {
  using Params = ComponentRuleParams<OnlineSanger>;
  static constexpr std::string_view name = "sanger";
  static constexpr std::string_view about = "online and local: the components, one after the other";
  using Online = Sanger;
};

struct OnlineOja {
  using Params = ComponentRuleParams<OnlineOja>;
  static constexpr std::string_view name = "oja-subspace";
  static constexpr std::string_view about = "online and local: their subspace";
  using Online = OjaSubspace;
};

using PcaRules = List<CovarianceEigenvectors, OnlineSanger, OnlineOja>;

struct FastIca {
  using Params = ComponentRuleParams<FastIca>;
  static constexpr std::string_view name = "fastica";
  static constexpr std::string_view about = "in batch, tanh, symmetric decorrelation (Hyvarinen 1999)";
};

struct OnlineNonlinearHebb {
  using Params = ComponentRuleParams<OnlineNonlinearHebb>;
  static constexpr std::string_view name = "nonlinear-hebb";
  static constexpr std::string_view about =
      "online and local, on inputs whitened by their principal components";
  using Online = NonlinearHebb;
};

using IcaRules = List<FastIca, OnlineNonlinearHebb>;

template <class Way>
concept LearnsOnline = requires {
  typename Way::Online;
};

template <class Ways>
bool learns_online(const typename Ways::Chosen& chosen) {
  return with_chosen(Ways(), chosen.index(), []<class Way>() { return LearnsOnline<Way>; });
}

template <class Ways>
std::vector<std::string> online_names() {
  std::vector<std::string> names;
  for_each_entry(Ways(), [&]<class Way>() {
    if (LearnsOnline<Way>) names.emplace_back(Way::name);
  });
  return names;
}

}  // namespace shallows

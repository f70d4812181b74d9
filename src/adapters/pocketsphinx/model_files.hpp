#pragma once

#include <string_view>

namespace trunkline::adapters::model_files {

/// share/speech/telephone.feat.params and telephone.mllr, built into the program.
extern const std::string_view feat_params;
extern const std::string_view mllr;

}  // namespace trunkline::adapters::model_files

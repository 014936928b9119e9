// What users include, in one file: for a build that does not compile every header alone.
#include <noisefall/noisefall.hpp>

#include <noisefall/config/config.hpp>
#include <noisefall/predictor/counting_predictor.hpp>
#include <noisefall/predictor/with_low_pass.hpp>
#include <noisefall/predictor/with_recfg.hpp>
#include <noisefall/sampler/class_information.hpp>
#include <noisefall/sampler/deadline.hpp>
#include <noisefall/sampler/measure_recfg.hpp>
#include <noisefall/sampler/plan_table.hpp>
#include <noisefall/sampler/progress_bar.hpp>
#include <noisefall/sampler/resampling.hpp>
#include <noisefall/solver/built_in.hpp>

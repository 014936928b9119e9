// Everything from core to sampler. Never config, search, metrics, models or adapters, never the list of all solvers.
// It includes no <memory>, <random>, <functional>, <chrono> or <thread>, which cost as much as all of it: so
// predictor/counting_predictor.hpp, tensor/parallel_algebra.hpp, tensor/thread_pool.hpp, sampler/deadline.hpp,
// sampler/plan_table.hpp and sampler/progress_bar.hpp are included by name.
#pragma once

#include <noisefall/version.hpp>

#include <noisefall/core/archive.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/core/function_ref.hpp>
#include <noisefall/core/half.hpp>
#include <noisefall/core/inline_vector.hpp>
#include <noisefall/core/instruction_set.hpp>
#include <noisefall/core/outcome.hpp>
#include <noisefall/core/owner.hpp>
#include <noisefall/core/reference.hpp>

#include <noisefall/random/brownian.hpp>
#include <noisefall/random/mersenne_twister.hpp>
#include <noisefall/random/noise_source.hpp>
#include <noisefall/random/normals.hpp>
#include <noisefall/random/philox.hpp>
#include <noisefall/random/philox_source.hpp>
#include <noisefall/random/recorded.hpp>
#include <noisefall/random/torch_cpu.hpp>

#include <noisefall/tensor/algebra.hpp>
#include <noisefall/tensor/aligned_memory.hpp>
#include <noisefall/tensor/finite.hpp>
#include <noisefall/tensor/fused_pass.hpp>
#include <noisefall/tensor/gram.hpp>
#include <noisefall/tensor/pass.hpp>
#include <noisefall/tensor/quantile.hpp>
#include <noisefall/tensor/scaled_error.hpp>
#include <noisefall/tensor/shape.hpp>
#include <noisefall/tensor/span_algebra.hpp>
#include <noisefall/tensor/tensor.hpp>
#include <noisefall/tensor/view.hpp>

#include <noisefall/schedule/any_schedule.hpp>
#include <noisefall/schedule/betas.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/schedule/cosine.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/schedule/edm.hpp>
#include <noisefall/schedule/flow.hpp>
#include <noisefall/schedule/level_at_rho.hpp>
#include <noisefall/schedule/linear.hpp>
#include <noisefall/schedule/noise_level.hpp>
#include <noisefall/schedule/scaled_linear.hpp>
#include <noisefall/schedule/snr_shift.hpp>
#include <noisefall/schedule/trigflow.hpp>
#include <noisefall/schedule/ve.hpp>
#include <noisefall/schedule/vp.hpp>
#include <noisefall/schedule/vp_table.hpp>
#include <noisefall/schedule/zero_terminal_snr.hpp>

#include <noisefall/trajectory/beta.hpp>
#include <noisefall/trajectory/beta_quantile.hpp>
#include <noisefall/trajectory/concept.hpp>
#include <noisefall/trajectory/exponential.hpp>
#include <noisefall/trajectory/flow_uniform.hpp>
#include <noisefall/trajectory/indices.hpp>
#include <noisefall/trajectory/inversion.hpp>
#include <noisefall/trajectory/karras.hpp>
#include <noisefall/trajectory/leading.hpp>
#include <noisefall/trajectory/linspace.hpp>
#include <noisefall/trajectory/lists.hpp>
#include <noisefall/trajectory/partial.hpp>
#include <noisefall/trajectory/polyexponential.hpp>
#include <noisefall/trajectory/quadratic.hpp>
#include <noisefall/trajectory/ramps.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/time_quadratic.hpp>
#include <noisefall/trajectory/time_uniform.hpp>
#include <noisefall/trajectory/trailing.hpp>
#include <noisefall/trajectory/trajectory.hpp>
#include <noisefall/trajectory/uniform_lambda.hpp>
#include <noisefall/trajectory/vp_times.hpp>

#include <noisefall/parameterisation/any_parameterisation.hpp>
#include <noisefall/parameterisation/concept.hpp>
#include <noisefall/parameterisation/edm.hpp>
#include <noisefall/parameterisation/eps.hpp>
#include <noisefall/parameterisation/flow.hpp>
#include <noisefall/parameterisation/score.hpp>
#include <noisefall/parameterisation/trigflow.hpp>
#include <noisefall/parameterisation/v.hpp>
#include <noisefall/parameterisation/x0.hpp>

#include <noisefall/predictor/any_predictor.hpp>
#include <noisefall/predictor/callable_predictor.hpp>
#include <noisefall/predictor/concept.hpp>

#include <noisefall/guidance/any_guidance.hpp>
#include <noisefall/guidance/apg.hpp>
#include <noisefall/guidance/cfg_pp.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/guidance/rescale.hpp>
#include <noisefall/guidance/unguided.hpp>
#include <noisefall/guidance/weight.hpp>

#include <noisefall/solver/asked_order.hpp>
#include <noisefall/solver/churn.hpp>
#include <noisefall/solver/concept.hpp>
#include <noisefall/solver/consistency_multistep.hpp>
#include <noisefall/solver/ddim.hpp>
#include <noisefall/solver/ddpm.hpp>
#include <noisefall/solver/dpm_adaptive.hpp>
#include <noisefall/solver/dpm_multistep.hpp>
#include <noisefall/solver/dpm_pp_2m.hpp>
#include <noisefall/solver/dpm_pp_sde.hpp>
#include <noisefall/solver/dpm_singlestep.hpp>
#include <noisefall/solver/erased.hpp>
#include <noisefall/solver/erased_own_step.hpp>
#include <noisefall/solver/euler.hpp>
#include <noisefall/solver/exponential.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/heun.hpp>
#include <noisefall/solver/leg_label.hpp>
#include <noisefall/solver/own_step.hpp>
#include <noisefall/solver/phi.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/pndm.hpp>
#include <noisefall/solver/quadrature.hpp>
#include <noisefall/solver/range.hpp>
#include <noisefall/solver/row_algebra.hpp>
#include <noisefall/solver/sa_solver.hpp>
#include <noisefall/solver/unipc.hpp>

#include <noisefall/sampler/cancellation.hpp>
#include <noisefall/sampler/checkpoint.hpp>
#include <noisefall/sampler/citations.hpp>
#include <noisefall/sampler/evaluator.hpp>
#include <noisefall/sampler/keep_every.hpp>
#include <noisefall/sampler/look_ahead.hpp>
#include <noisefall/sampler/loop.hpp>
#include <noisefall/sampler/observer.hpp>
#include <noisefall/sampler/observers.hpp>
#include <noisefall/sampler/options.hpp>
#include <noisefall/sampler/own_run.hpp>
#include <noisefall/sampler/pass_builder.hpp>
#include <noisefall/sampler/perturb.hpp>
#include <noisefall/sampler/planned_run.hpp>
#include <noisefall/sampler/policies.hpp>
#include <noisefall/sampler/reading.hpp>
#include <noisefall/sampler/run.hpp>
#include <noisefall/sampler/running.hpp>
#include <noisefall/sampler/sampler.hpp>
#include <noisefall/sampler/snap.hpp>
#include <noisefall/sampler/threshold.hpp>

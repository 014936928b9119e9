// The fields that diffusers' classes of UniPC have in common.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/config/fields.hpp>
#include <noisefall/solver/unipc.hpp>

namespace noisefall::diffusers {

// solver_p, another scheduler for the predictor, is an object of Python that no file can hold: only null is read.
struct unipc_fields {
  int order = 2;
  bool predict_x0 = true, lower_order_final = true;
  std::string solver_type, prediction;
  std::vector<std::size_t> skip_corrector;

  // Without predict_x0 the default prediction is epsilon.
  void read(const fields& f, std::string_view default_prediction) {
    order = static_cast<int>(f.integer("solver_order", 2, 1, 4));
    predict_x0 = f.boolean("predict_x0", true);
    solver_type =
        f.choice("solver_type", "bh2", {"bh1", "bh2"}, {{"midpoint", "bh2"}, {"heun", "bh2"}, {"logrho", "bh2"}});
    lower_order_final = f.boolean("lower_order_final", true);
    for (const double i : f.numbers("disable_corrector", not_negative).value_or(std::vector<double>{}))
      skip_corrector.push_back(static_cast<std::size_t>(i));
    if (f.has("solver_p")) f.refuse("solver_p", "a predictor of its own", "null");
    if (predict_x0)
      prediction =
          f.choice("prediction_type", default_prediction, {"epsilon", "sample", "v_prediction", "flow_prediction"});
    else
      prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction"});
  }

  unipc solver() const {
    return {.order = order,
            .of = predict_x0 ? quantity::x0 : quantity::eps,
            .coefficients = solver_type == "bh1" ? unipc::variant::bh1 : unipc::variant::bh2,
            .lower_order_final = lower_order_final,
            .skip_corrector = skip_corrector};
  }

  friend bool operator==(const unipc_fields&, const unipc_fields&) = default;
};

}  // namespace noisefall::diffusers

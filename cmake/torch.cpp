// noisefall::torch: the one file that includes libtorch. C++17, which every compiler takes libtorch's headers as.
#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <ATen/Parallel.h>
#include <torch/script.h>

#include <noisefall/adapters/torch_module.hpp>

namespace noisefall {

namespace {

at::ScalarType scalar_of(element_type type) {
  switch (type) {
    case element_type::float64:
      return at::kDouble;
    case element_type::float16:
      return at::kHalf;
    case element_type::bfloat16:
      return at::kBFloat16;
    case element_type::int64:
      return at::kLong;
    case element_type::int32:
      return at::kInt;
    case element_type::uint8:
      return at::kByte;
    case element_type::boolean:
      return at::kBool;
    default:
      return at::kFloat;
  }
}

element_type type_of(at::ScalarType type) {
  switch (type) {
    case at::kDouble:
      return element_type::float64;
    case at::kHalf:
      return element_type::float16;
    case at::kBFloat16:
      return element_type::bfloat16;
    default:
      return element_type::float32;
  }
}

// The caller's memory as a tensor.
at::Tensor tensor_of(const array_ref& array) {
  return at::from_blob(array.data, array.extents, at::TensorOptions().dtype(scalar_of(array.type)));
}

at::Tensor tensor_in(const c10::IValue& answer) {
  if (answer.isTensor()) return answer.toTensor();
  if (answer.isTuple() && !answer.toTupleRef().elements().empty()) return tensor_in(answer.toTupleRef().elements()[0]);
  if (answer.isTensorList() && answer.toTensorList().size() > 0) return answer.toTensorList().get(0);
  if (answer.isList() && answer.toListRef().size() > 0) return tensor_in(answer.toListRef()[0]);
  if (answer.isGenericDict() && answer.toGenericDict().size() > 0) {
    const auto dictionary = answer.toGenericDict();
    const auto found = dictionary.find("sample");
    return tensor_in(found != dictionary.end() ? found->value() : dictionary.begin()->value());
  }
  throw std::runtime_error("forward() gives no tensor, but " + answer.tagKind());
}

// What holds no tensor of an optional argument, or a number.
enum class argument_kind { tensor, real, whole, truth };

}  // namespace

struct torch_module::impl {
  torch::jit::Module module;
  at::Device device;
  std::vector<array_info> inputs;
  std::vector<argument_kind> kinds;
  std::vector<c10::optional<c10::IValue>> defaults;
  element_type own = element_type::float32;

  impl(torch::jit::Module of, const torch_settings& settings) : module{std::move(of)}, device{settings.device} {
    module.eval();
    module.to(device);
    for (const at::Tensor& parameter : module.parameters())
      if (parameter.is_floating_point()) {
        own = type_of(parameter.scalar_type());
        break;
      }
    // Before the schema of the folded module, whose arguments are the same.
    if (settings.optimize) module = torch::jit::optimize_for_inference(module);
    for (const c10::Argument& argument : module.get_method("forward").function().getSchema().arguments()) {
      if (argument.name() == "self") continue;
      array_info info;
      info.name = argument.name();
      info.optional = argument.default_value().has_value();
      argument_kind kind = argument_kind::tensor;
      c10::TypePtr type = argument.type();
      if (const auto maybe = type->cast<c10::OptionalType>()) {
        info.optional = true;
        type = maybe->getElementType();
      }
      if (type->isSubtypeOf(*c10::TensorType::get())) {
        info.any_rank = true;
      } else if (type->kind() == c10::TypeKind::IntType) {
        kind = argument_kind::whole;
        info.type = element_type::int64;
      } else if (type->kind() == c10::TypeKind::FloatType || type->kind() == c10::TypeKind::NumberType) {
        kind = argument_kind::real;
        info.type = element_type::float64;
      } else if (type->kind() == c10::TypeKind::BoolType) {
        kind = argument_kind::truth;
        info.type = element_type::boolean;
      } else if (!info.optional) {
        throw std::runtime_error("forward() has the argument '" + info.name + "' of type " + type->str() +
                                 ", and takes tensors and numbers only from here");
      } else {
        continue;  // it has a value of its own
      }
      inputs.push_back(std::move(info));
      kinds.push_back(kind);
      defaults.push_back(argument.default_value());
    }
  }

  c10::IValue value_of(std::size_t i, const array_ref& array) const {
    if (array.data == nullptr) return defaults[i].has_value() ? *defaults[i] : c10::IValue();
    switch (kinds[i]) {
      case argument_kind::real:
        return *static_cast<const double*>(array.data);
      case argument_kind::whole:
        return *static_cast<const std::int64_t*>(array.data);
      case argument_kind::truth:
        return *static_cast<const bool*>(array.data);
      default:
        return tensor_of(array).to(device);
    }
  }
};

torch_module::torch_module(const std::string& file, const torch_settings& settings)
    : self_{new impl{torch::jit::load(file), settings}} {}
torch_module::torch_module(const torch::jit::Module& module, const torch_settings& settings)
    : self_{new impl{module.clone(), settings}} {}
torch_module::torch_module(torch_module&&) noexcept = default;
torch_module& torch_module::operator=(torch_module&&) noexcept = default;
torch_module::~torch_module() = default;

const std::vector<array_info>& torch_module::inputs() const { return self_->inputs; }
element_type torch_module::own_type() const { return self_->own; }

void torch_module::run(const std::vector<array_ref>& inputs, array_ref& output) {
  const c10::InferenceMode no_gradients;
  std::vector<c10::IValue> nothing_by_place;
  std::unordered_map<std::string, c10::IValue> arguments;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    arguments.emplace(self_->inputs[i].name, self_->value_of(i, inputs[i]));
  const at::Tensor answer = tensor_in(self_->module.forward(std::move(nothing_by_place), arguments));
  if (answer.sizes() != at::IntArrayRef{output.extents})
    throw std::runtime_error("forward() gives " + to_string(answer.sizes().vec()) + " where " +
                             to_string(output.extents) + " is needed");
  tensor_of(output).copy_(answer);
}

void set_torch_threads(int threads) { at::set_num_threads(threads); }

}  // namespace noisefall

// What noisefall::compiled_config compiles once, for files that are compiled with NOISEFALL_COMPILED_CONFIG: all that
// JSON may name.
#include <noisefall/config/diffusers/built_in.hpp>
#include <noisefall/config/native/built_in.hpp>

namespace noisefall {

// To be taken the address of is what makes an inline function exist.
extern decltype(&catalogue::built_in) const made_of_names;
decltype(&catalogue::built_in) const made_of_names = &catalogue::built_in;
extern nlohmann::json (*const made_of_solvers)(const erased_solver&);
nlohmann::json (*const made_of_solvers)(const erased_solver&) = &solver_description;
extern decltype(&detail::own_step_description) const made_of_own_steps;
decltype(&detail::own_step_description) const made_of_own_steps = &detail::own_step_description;

namespace diffusers {

extern decltype(&is_built) const made_of_class_names;
decltype(&is_built) const made_of_class_names = &is_built;
extern decltype(&read_class) const made_of_classes;
decltype(&read_class) const made_of_classes = &read_class;

}  // namespace diffusers

}  // namespace noisefall

// Puts what a policy refuses where the field stands in JSON.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/fields.hpp>
#include <noisefall/core/error.hpp>

namespace noisefall {

namespace detail {

inline bool is_letter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Where `word` stands in `text` as a whole word with `after` behind it, or npos.
inline std::size_t find_word(std::string_view text, std::string_view word, std::string_view after) {
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const std::string_view rest = text.substr(at + word.size());
    const bool begins = at == 0 || !is_letter(text[at - 1]);
    if (begins && rest.starts_with(after) && (rest.empty() || !is_letter(rest[0]))) return at;
  }
  return std::string_view::npos;
}

// The fields that a policy's message is about, in its order: those before a colon, or the first word before a number,
// or a word that is long enough to be no accident; a list's entry goes by the singular.
inline std::vector<std::string> fields_meant(std::string_view what, const std::vector<std::string>& names) {
  std::vector<std::pair<std::size_t, std::string>> found;
  const auto collect = [&](auto&& matches) {
    for (const std::string& name : names)
      if (const std::size_t at = matches(name); at != std::string_view::npos) found.emplace_back(at, name);
  };
  const auto singular = [](const std::string& name) {
    return name.ends_with('s') ? name.substr(0, name.size() - 1) : name;
  };
  collect([&](const std::string& name) {
    return std::min(find_word(what, name, ": "), find_word(what, singular(name), ": "));
  });
  if (found.empty())
    collect([&](const std::string& name) {
      const bool heads = what.size() > name.size() + 1 && what.starts_with(name + " ") &&
                         std::string_view{"-0123456789in"}.find(what[name.size() + 1]) != std::string_view::npos;
      return heads ? std::size_t{0} : std::string_view::npos;
    });
  if (found.empty())
    collect([&](const std::string& name) {
      constexpr std::size_t no_accident = 4;
      return name.size() < no_accident ? std::string_view::npos : find_word(what, name, "");
    });
  std::sort(found.begin(), found.end());
  std::vector<std::string> meant;
  meant.reserve(found.size());
  for (auto& [at, name] : found) meant.push_back(std::move(name));
  return meant;
}

}  // namespace detail

// An error of a policy, put where its field stands in JSON. Policies say "ddim.eta", "karras" with "rho: 0", "apg" with
// "eta 3", "discrete: alphas_cumprod[3]"; `names` are the fields there are. An error about several fields stands at the
// first of them that `object` holds, one about none of them at the object.
inline error placed(const error& e, const nlohmann::json& object, const std::string& pointer,
                    const std::vector<std::string>& names) {
  const std::string &where = e.where(), &what = e.problem();
  const std::size_t dot = where.find_last_of(".: ");
  std::string tail = dot == std::string::npos ? where : where.substr(dot + 1), entry;
  if (const std::size_t bracket = tail.find('['); bracket != std::string::npos && tail.ends_with(']')) {
    entry = "/" + tail.substr(bracket + 1, tail.size() - bracket - 2);
    tail.resize(bracket);
    if (tail.empty())  // an entry of the only list there is
      for (const std::string& name : names)
        if (const auto found = object.find(name); found != object.end() && found->is_array()) tail = name;
  }
  std::vector<std::string> meant;
  if (std::find(names.begin(), names.end(), tail) != names.end()) {
    // "threshold: floor, ceiling" is about two
    const std::size_t comma = where.rfind(", " + tail),
                      space = where.rfind(' ', comma == std::string::npos ? 0 : comma);
    if (comma != std::string::npos && space != std::string::npos)
      meant.push_back(where.substr(space + 1, comma - space - 1));
    meant.push_back(tail);
  } else {
    meant = detail::fields_meant(what, names);
    entry.clear();
  }
  if (meant.empty()) return {pointer.empty() ? "/" : pointer, where + ": " + what, e.allowed()};
  auto culprit = std::find_if(meant.begin(), meant.end(), [&](const auto& name) { return object.contains(name); });
  if (culprit == meant.end()) culprit = meant.begin();
  const std::string at = pointer + "/" + *culprit + entry;
  if (meant.size() > 1 || !entry.empty()) return {at, what, e.allowed()};
  const auto found = object.find(*culprit);
  if (found == object.end()) return {at, "missing", e.allowed()};  // its default is not allowed
  const bool tells_value = meant.front() == tail || what.starts_with(meant.front());
  return {at, tells_value && !found->is_structured() ? fields::shown(*found) : what, e.allowed()};
}

}  // namespace noisefall

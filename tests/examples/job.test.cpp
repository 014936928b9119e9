// What examples/sample says of a wrong job before anything runs, and what it makes of a right one.
#include <filesystem>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "../../examples/support/job.hpp"
#include "catch.hpp"
#include "message_of.hpp"

namespace {

using nlohmann::json;

const std::filesystem::path jobs = std::filesystem::path{NOISEFALL_EXAMPLES_DATA} / ".." / "jobs";

// What a job file is told after these changes.
std::string refused(const char* name, const char* changes) {
  json file = noisefall::read_json(jobs / name);
  file.merge_patch(json::parse(changes));
  return message_of([&] { examples::make_job(file, jobs / name); });
}

const std::string data = NOISEFALL_EXAMPLES_DATA;

}  // namespace

TEST_CASE("the jobs of the repository are right", "[examples]") {
  const examples::job digits = examples::read_job(jobs / "digits.json");
  CHECK(digits.count >= 60);
  CHECK(digits.sheet == "digits.png");
  CHECK(digits.report == "digits.report.json");
  const auto& model = std::get<examples::digits_model>(digits.model);
  CHECK(model.conditional(9, 3) == std::vector<int>{9, 0, 1});
  CHECK(std::holds_alternative<examples::mixture_model>(examples::read_job(jobs / "mixture.json").model));
}

TEST_CASE("a job's report describes the job in full", "[examples]") {
  for (const char* name : {"digits.json", "mixture.json"}) {
    const examples::job first = examples::read_job(jobs / name);
    CHECK(examples::make_job(first.described, jobs / name).described == first.described);
  }
  const json least = json::parse(R"({"model": {"kind": "gaussian_mixture", "means": [[0], [1]], "std": [1, 0]},
                                     "solver": "ddim", "trajectory": {"name": "karras", "steps": 2}})");
  const json described = examples::make_job(least, "least.json").described;
  CHECK(examples::make_job(described, "least.json").described == described);
}

TEST_CASE("the command line changes a job", "[examples]") {
  const examples::job changed = examples::read_job(jobs / "digits.json", {.seed = 5, .count = 3});
  CHECK(changed.seed == 5);
  CHECK(changed.count == 3);
  const examples::job quick = examples::read_job(jobs / "digits.json", {.quick = true});
  CHECK(quick.count == 10);
  CHECK(quick.sampler.path().steps() == 6);
}

TEST_CASE("a wrong model is refused", "[examples]") {
  CHECK(refused("digits.json", R"({"model": null})") ==
        "/model: missing; allowed: an object with a kind: digits, gaussian_mixture, onnx, torch");
  CHECK(refused("digits.json", R"({"model": "digits"})") == "/model: \"digits\"; allowed: an object");
  CHECK(refused("digits.json", R"({"model": {"kind": "letters"}})") ==
        "/model/kind: \"letters\"; allowed: digits, gaussian_mixture, onnx, torch");
  CHECK(refused("digits.json", R"({"model": {"weights": "none.safetensors"}})") ==
        "/model/weights: there is no file none.safetensors; allowed: a file beside the job or in " + data);
  CHECK(refused("digits.json", R"({"model": {"weight": 1}})") == "/model/weight: unknown name; allowed: kind, weights");
  CHECK(refused("mixture.json", R"({"model": {"std": [1]}})") ==
        "/model/std: 1 numbers; allowed: 6, one for each mean");
  CHECK(refused("mixture.json", R"({"model": {"std": null}})") == "/model/std: missing; allowed: 6, one for each mean");
  CHECK(refused("mixture.json", R"({"model": {"std": [1, 1, 1, 1, 1, -1]}})") ==
        "/model/std/5: -1; allowed: a number >= 0");
  CHECK(refused("mixture.json", R"({"model": {"means": [[0, 1], [2]]}})") ==
        "/model/means/1: [2]; allowed: a list of numbers, as many as in the first");
}

TEST_CASE("a wrong condition is refused", "[examples]") {
  CHECK(refused("digits.json", R"({"condition": [0, 11]})") == "/condition/1: 11; allowed: whole numbers from 0 to 10");
  CHECK(refused("digits.json", R"({"condition": 3})") ==
        "/condition: 3; allowed: a list of whole numbers from 0 to 10, one or more");
  CHECK(refused("mixture.json", R"({"condition": [6]})") == "/condition/0: 6; allowed: whole numbers from 0 to 5");
}

TEST_CASE("wrong numbers of samples are refused", "[examples]") {
  CHECK(refused("digits.json", R"({"count": 0})") == "/count: 0; allowed: a whole number from 1 to 1000000");
  CHECK(refused("digits.json", R"({"count": "70"})") == "/count: \"70\"; allowed: a whole number from 1 to 1000000");
  CHECK(refused("digits.json", R"({"batch": 0})") == "/batch: 0; allowed: a whole number from 1 to 1000000");
  CHECK(refused("digits.json", R"({"seed": -1})") ==
        "/seed: -1; allowed: a whole number from 0 to 18446744073709551615");
  CHECK(refused("digits.json", R"({"first_sample": 0.5})") == "/first_sample: 0.5; allowed: a whole number >= 0");
}

TEST_CASE("wrong policies in a job are refused", "[examples]") {
  CHECK(refused("digits.json", R"({"trajectory": {"steps": 0}})") == "/trajectory/steps: 0; allowed: 1 or more");
  CHECK(refused("digits.json", R"({"trajectory": {"steps": 1001}})") == "/trajectory/steps: 1001; allowed: 1 to 1000");
  CHECK(refused("mixture.json", R"({"solver": {"order": 0}})") == "/solver/order: 0; allowed: 1 to 4");
  CHECK(refused("mixture.json", R"({"solver": {"order": 9}})") == "/solver/order: 9; allowed: 1 to 4");
  CHECK(refused("digits.json", R"({"scheduler": "ddim"})") ==
        "/scheduler: unknown name; allowed: noisefall, model, solver, schedule, trajectory, guidance, "
        "parameterisation, threshold, "
        "condition, seed, count, first_sample, batch, outputs");
}

TEST_CASE("wrong outputs are refused", "[examples]") {
  CHECK(refused("digits.json", R"({"outputs": {"sheet": 3}})") == "/outputs/sheet: 3; allowed: the name of a file");
  CHECK(refused("digits.json", R"({"outputs": {"columns": 0}})") ==
        "/outputs/columns: 0; allowed: a whole number from 1 to 1000");
  CHECK(refused("digits.json", R"({"outputs": {"report": "digits.png"}})") ==
        "/outputs/report: the name of the sheet; allowed: another name");
  CHECK(refused("digits.json", R"({"outputs": {"picture": "a.png"}})") ==
        "/outputs/picture: unknown name; allowed: sheet, report, columns, scale");
}

TEST_CASE("a job's error names the file and the place", "[examples]") {
  const auto file = std::filesystem::temp_directory_path() / "noisefall-wrong-job.json";
  std::ofstream{file} << R"({"model": {"kind": "gaussian_mixture", "means": [[0]], "std": [1]}, "solver": "ddim"})";
  CHECK(message_of([&] { examples::read_job(file); }).starts_with(file.string() + ": /trajectory: missing; allowed: "));
  std::ofstream{file} << "{\"model\": }";
  CHECK(message_of([&] {
          examples::read_job(file);
        }).starts_with(file.string() + ": this is not JSON: line 1, column 11"));
  std::filesystem::remove(file);
}

TEST_CASE("a job takes the trajectory that a search found, to the bit, for its schedule alone", "[examples]") {
  const examples::job plain = examples::read_job(jobs / "mixture.json");
  const nlohmann::json& d = plain.sampler.described;
  std::vector<noisefall::leg> legs;
  noisefall::noise_level from = plain.sampler.path().front();
  for (const double t : {0.61, 0.23, 0.07}) {
    const noisefall::noise_level to = noisefall::vp_linear{}.at(t);
    legs.push_back({from, to});
    from = to;
  }
  const noisefall::found_trajectory found{
      {legs, noisefall::trajectory_kind::descending}, d["solver"], d["schedule"], d["parameterisation"]};
  const auto file = std::filesystem::temp_directory_path() / "noisefall_found_trajectory.json";
  const auto save = [&](const json& content) { std::ofstream{file} << content; };
  save(json_of(found));
  json described = noisefall::read_json(jobs / "mixture.json");
  described["trajectory"] = {{"file", file.string()}};
  const examples::job job = examples::make_job(described, jobs / "mixture.json");
  CHECK(job.warnings.empty());
  REQUIRE(job.sampler.path().steps() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(job.sampler.path()[i].to == legs[i].to);
  CHECK(job.described["trajectory"]["name"] == "level_list");

  json other = described;
  other["solver"] = "ddim";
  const examples::job warned = examples::make_job(other, jobs / "mixture.json");
  REQUIRE(warned.warnings.size() == 1);
  CHECK_THAT(warned.warnings[0], Catch::Matchers::Contains("/trajectory/file: was found for the solver"));
  other["schedule"] = "cosine";
  CHECK_THAT(message_of([&] { examples::make_job(other, jobs / "mixture.json"); }),
             Catch::Matchers::Contains("/trajectory/file: was found for the schedule"));
  json broken = json_of(found);
  broken["levels"][1]["alpha"] = 0;
  save(broken);
  CHECK_THAT(message_of([&] { examples::make_job(described, jobs / "mixture.json"); }),
             Catch::Matchers::Contains("/trajectory/file: /levels/1/sigma: does not fall"));
  std::filesystem::remove(file);
  CHECK_THAT(message_of([&] { examples::make_job(described, jobs / "mixture.json"); }),
             Catch::Matchers::Contains("there is no such file"));
}

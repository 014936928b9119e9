// Error tables and found trajectories as files: to the bit, and what is refused.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/search/error_tables.hpp>
#include <noisefall/config/search/trajectory_files.hpp>

#include "catch.hpp"
#include "message_of.hpp"

using namespace noisefall;
using Catch::Matchers::Contains;

namespace {

error_table some_table(bool knows_excess) {
  error_table table;
  table.directions = {{1.0 / 3, 2}, {0, 7}};
  table.samples = 12;
  table.branches = 2;
  table.holds_beyond = true;
  for (int i = 0; i < 3; ++i) {
    level_errors l;
    l.sigma = std::pow(10.0, i) / 7;
    l.total = std::sqrt(2.0) / (i + 1);
    l.mean = -1e-17 * i;
    l.total_deviation = 0.1 / 3;
    l.total_along = {l.total, std::exp(-i)};
    l.branch_total = {1.0 / 3, 0.1, 0.1, 0.7};
    if (knows_excess) {
      l.excess = 1e-300;
      l.excess_along = {0, 1.0 / 7};
    }
    table.levels.push_back(l);
  }
  table.correlation = {1, 0.1, 0.2, 0.1, 1, 1.0 / 3, 0.2, 1.0 / 3, 1};
  return table;
}

found_trajectory some_path() {
  const std::vector<leg> legs{{{1, 0, 1}, {0.7, 0.6, 0.8}, 999},
                              {{0.7, 0.6, 0.8}, {1.0 / 3, std::sqrt(0.9), std::sqrt(0.1)}},
                              {{1.0 / 3, std::sqrt(0.9), std::sqrt(0.1)}, {0, 1, 0}}};
  search_report report;
  report.policy = "transport_dp";
  report.after = {0.1, 0.2};
  report.shares = {{std::numeric_limits<double>::infinity(), 0.4}, {2, 0.6}};
  report.by_steps = {{2, 0.1, {3, 1, 0.5}}};
  return {trajectory{legs, trajectory_kind::descending},
          {{"name", "ddim"}, {"eta", 0.0}},
          {{"name", "linear"}},
          "predicts_v",
          {"transport_dp", {{"candidates", 200}}, "0123", 7},
          json_of(report)};
}

// Through text, as a file is.
nlohmann::json reread(const nlohmann::json& from) { return nlohmann::json::parse(from.dump(2)); }

}  // namespace

TEST_CASE("error tables and sums come back from a file to the bit") {
  for (const bool knows : {false, true}) {
    const error_table table = some_table(knows), back = load_error_table(reread(json_of(table)));
    CHECK(json_of(back) == json_of(table));
    CHECK(back.knows_excess() == knows);
    CHECK(back.levels[1].total == table.levels[1].total);
    CHECK(back.levels[2].mean == table.levels[2].mean);
    CHECK(std::isnan(back.levels[0].excess) == !knows);
    CHECK(back.correlation == table.correlation);
    CHECK(back.holds_beyond);
    CHECK(search_evidence_hash(back) == search_evidence_hash(table));
  }
  CHECK(search_evidence_hash(some_table(true)) != search_evidence_hash(some_table(false)));
  const measured_sums sums{7, 3, true, {1.0 / 3, 1e-320, -0.0}};
  CHECK(load_measured_sums(reread(json_of(sums))) == sums);
}

TEST_CASE("a found trajectory comes back from a file to the bit, with all that was said of it") {
  const found_trajectory of = some_path(), back = load_found_trajectory(reread(json_of(of)));
  REQUIRE(back.path.steps() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(back.path[i].from == of.path[i].from);
    CHECK(back.path[i].to == of.path[i].to);
  }
  CHECK(back.path[0].label == 999);
  CHECK(std::isnan(back.path[1].label));
  CHECK(json_of(back) == json_of(of));
  CHECK(back.by.seed == 7);
  CHECK(back.report["after"]["total"] == 0.1 + 0.2);
  CHECK(back.report["shares"][0]["sigma"].is_null());
}

TEST_CASE("files that are wrong are refused with the place in them") {
  const auto table_refused = [](const auto& change) {
    nlohmann::json file = json_of(some_table(true));
    change(file);
    return message_of([&] { load_error_table(file); });
  };
  CHECK_THAT(table_refused([](auto& f) { f["format"] = "something"; }), Contains("/format: \"something\""));
  CHECK_THAT(table_refused([](auto& f) { f["version"] = 2; }), Contains("/version: 2"));
  CHECK_THAT(table_refused([](auto& f) { f["levels"][1].erase("total"); }), Contains("/levels/1/total: missing"));
  CHECK_THAT(table_refused([](auto& f) { f["levels"][1]["sigma"] = 0.001; }),
             Contains("level 1: sigma / alpha") && Contains("rising"));
  CHECK_THAT(table_refused([](auto& f) { f["levels"][1]["excess"] = nullptr; }), Contains("at some levels"));
  CHECK_THAT(table_refused([](auto& f) { f["correlation"].push_back(1); }), Contains("10 correlations for 3 levels"));
  CHECK_THAT(table_refused([](auto& f) {
               f["levels"].erase(1);
               f["levels"].erase(1);
             }),
             Contains("two levels or more"));

  const auto refused = [](const auto& change) {
    nlohmann::json file = json_of(some_path());
    change(file);
    return message_of([&] { load_found_trajectory(file); });
  };
  CHECK_THAT(refused([](auto& f) { std::swap(f["levels"][1], f["levels"][2]); }),
             Contains("/levels/2/sigma: does not fall") && Contains("levels that fall strictly"));
  CHECK_THAT(refused([](auto& f) { f["levels"][3]["sigma"] = 0.5; }), Contains("/levels/3/sigma: does not fall"));
  CHECK_THAT(refused([](auto& f) { f["sigmas"][1] = 1.2; }),
             Contains("/sigmas/1: 1.2; allowed: sigma / alpha of each"));
  CHECK_THAT(refused([](auto& f) { f.erase("solver"); }), Contains("/solver: missing"));
  CHECK_THAT(refused([](auto& f) { f["schedule"]["beta_end"] = 0.1; }), Contains("/schedule_hash"));
  CHECK_THAT(refused([](auto& f) { f["more"] = 1; }), Contains("/more: unknown name"));
  CHECK_THAT(refused([](auto& f) { f["provenance"]["seed"] = -1; }), Contains("/provenance/seed: -1"));
}

TEST_CASE("a trajectory found for another schedule is refused, for another solver it says so") {
  const found_trajectory of = some_path();
  CHECK(check_found_for(of, of.solver, of.schedule, of.parameterisation).empty());
  CHECK_THAT(message_of([&] {
               check_found_for(of, of.solver, {{"name", "cosine"}}, of.parameterisation, "f.json");
             }),
             Contains("f.json: was found for the schedule {\"name\":\"linear\"}; allowed: that schedule, not"));
  const std::vector<std::string> warnings =
      check_found_for(of, {{"name", "euler"}}, of.schedule, "predicts_eps", "f.json");
  REQUIRE(warnings.size() == 2);
  CHECK_THAT(warnings[0],
             Contains("f.json: was found for the solver {\"eta\":0.0,\"name\":\"ddim\"}, not {\"name\":\"euler\"}"));
}

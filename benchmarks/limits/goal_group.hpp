// Goals whose code is timed in turn.
#pragma once

#include "limits/table.hpp"
#include "support/timed_bodies.hpp"

namespace bench {

class goal_group {
 public:
  goal_group() = default;
  goal_group(const goal_group&) = delete;
  goal_group& operator=(const goal_group&) = delete;
  virtual ~goal_group() = default;

  virtual void run_round(const effort& how) { timed.run_round(how); }
  virtual void report(goal_table& to) const = 0;

 protected:
  double ratio(timed_bodies::id of, timed_bodies::id over) const { return timed.seconds(of) / timed.seconds(over); }

  timed_bodies timed;
};

}  // namespace bench

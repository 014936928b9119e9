// The list of the library's solvers. Configuration, documentation and tests go through it; the umbrella does not.
#pragma once

#include <noisefall/solver/consistency_multistep.hpp>
#include <noisefall/solver/ddim.hpp>
#include <noisefall/solver/ddpm.hpp>
#include <noisefall/solver/deis.hpp>
#include <noisefall/solver/dpm_2_churn.hpp>
#include <noisefall/solver/dpm_ancestral.hpp>
#include <noisefall/solver/dpm_multistep.hpp>
#include <noisefall/solver/dpm_pp_2m.hpp>
#include <noisefall/solver/dpm_pp_sde.hpp>
#include <noisefall/solver/dpm_singlestep.hpp>
#include <noisefall/solver/dpm_singlestep_grid.hpp>
#include <noisefall/solver/er_sde.hpp>
#include <noisefall/solver/euler.hpp>
#include <noisefall/solver/exponential_runge_kutta.hpp>
#include <noisefall/solver/flow_ancestral.hpp>
#include <noisefall/solver/flow_runge_kutta.hpp>
#include <noisefall/solver/gradient_estimation.hpp>
#include <noisefall/solver/heun.hpp>
#include <noisefall/solver/heun_pp.hpp>
#include <noisefall/solver/latent_consistency.hpp>
#include <noisefall/solver/lms.hpp>
#include <noisefall/solver/one_of.hpp>
#include <noisefall/solver/pndm.hpp>
#include <noisefall/solver/rho_runge_kutta.hpp>
#include <noisefall/solver/sa_solver.hpp>
#include <noisefall/solver/seeds.hpp>
#include <noisefall/solver/tcd.hpp>
#include <noisefall/solver/unipc.hpp>

namespace noisefall {

// A list of types that any template of types can be made from.
template <class... Solvers>
struct solver_list {
  template <template <class...> class Holder>
  using in = Holder<Solvers...>;
};

using built_in_solvers = solver_list<consistency_multistep,    //
                                     ddim,                     //
                                     ddpm,                     //
                                     deis,                     //
                                     dpm_2_churn,              //
                                     dpm_ancestral,            //
                                     dpm_multistep,            //
                                     dpm_pp_2m,                //
                                     dpm_pp_sde,               //
                                     dpm_singlestep,           //
                                     dpm_singlestep_grid,      //
                                     er_sde,                   //
                                     euler,                    //
                                     exponential_runge_kutta,  //
                                     flow_ancestral,           //
                                     flow_runge_kutta,         //
                                     gradient_estimation,      //
                                     heun,                     //
                                     heun_pp,                  //
                                     latent_consistency,       //
                                     lms,                      //
                                     pndm,                     //
                                     rho_runge_kutta,          //
                                     sa_solver,                //
                                     seeds,                    //
                                     tcd,                      //
                                     unipc>;

// Any one of them, chosen at run time: built_in_solvers::in<one_of>.
using any_built_in_solver = built_in_solvers::in<one_of>;

}  // namespace noisefall

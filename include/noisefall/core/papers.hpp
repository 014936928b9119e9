// The papers behind the policies, each written once: authors: title. venue year. where.
#pragma once

#include <string_view>

namespace noisefall::papers {

inline constexpr std::string_view
    apg =
        "Sadat, Hilliges, Weber: Eliminating Oversaturation and Artifacts of High Guidance Scales in Diffusion "
        "Models. ICLR 2025. arXiv:2410.02416",
    beta_sampling =
        "Lee, Lee, Gye, Kim: Beta Sampling is All You Need: Efficient Image Generation Strategy for Diffusion "
        "Models using Stepwise Spectral Analysis. WACV 2025. arXiv:2407.12173",
    cfg = "Ho, Salimans: Classifier-Free Diffusion Guidance. NeurIPS Workshop 2021. arXiv:2207.12598",
    cfg_pp =
        "Chung, Kim, Park, Nam, Ye: CFG++: Manifold-constrained Classifier Free Guidance for Diffusion Models. "
        "ICLR 2025. arXiv:2406.08070",
    cog_video_x =
        "Yang, Teng, Zheng et al.: CogVideoX: Text-to-Video Diffusion Models with An Expert Transformer. ICLR "
        "2025. arXiv:2408.06072",
    consistency = "Song, Dhariwal, Chen, Sutskever: Consistency Models. ICML 2023. arXiv:2303.01469",
    ddim = "Song, Meng, Ermon: Denoising Diffusion Implicit Models. ICLR 2021. arXiv:2010.02502",
    ddpm = "Ho, Jain, Abbeel: Denoising Diffusion Probabilistic Models. NeurIPS 2020. arXiv:2006.11239",
    deis = "Zhang, Chen: Fast Sampling of Diffusion Models with Exponential Integrator. ICLR 2023. arXiv:2204.13902",
    dpm_solver =
        "Lu, Zhou, Bao, Chen, Li, Zhu: DPM-Solver: A Fast ODE Solver for Diffusion Probabilistic Model Sampling "
        "in Around 10 Steps. NeurIPS 2022. arXiv:2206.00927",
    dpm_solver_pp =
        "Lu, Zhou, Bao, Chen, Li, Zhu: DPM-Solver++: Fast Solver for Guided Sampling of Diffusion Probabilistic "
        "Models. Machine Intelligence Research 2025. arXiv:2211.01095",
    dpm_solver_v3 =
        "Zheng, Lu, Chen, Zhu: DPM-Solver-v3: Improved Diffusion ODE Solver with Empirical Model Statistics. NeurIPS "
        "2023. arXiv:2310.13268",
    edm =
        "Karras, Aittala, Aila, Laine: Elucidating the Design Space of Diffusion-Based Generative Models. NeurIPS "
        "2022. arXiv:2206.00364",
    er_sde =
        "Cui, Zhang, Bao, Liao: Elucidating the Solution Space of Extended Reverse-Time SDE for Diffusion Models. "
        "WACV 2025. arXiv:2309.06169",
    gradient_estimation =
        "Permenter, Yuan: Interpreting and Improving Diffusion Models from an Optimization Perspective. ICML "
        "2024. arXiv:2306.04848",
    guided_diffusion =
        "Dhariwal, Nichol: Diffusion Models Beat GANs on Image Synthesis. NeurIPS 2021. arXiv:2105.05233",
    heun_pp = "Carzit: sd-webui-samplers-scheduler. Software 2023. github.com/Carzit/sd-webui-samplers-scheduler",
    improved_ddpm = "Nichol, Dhariwal: Improved Denoising Diffusion Probabilistic Models. ICML 2021. arXiv:2102.09672",
    k_diffusion = "Crowson: k-diffusion. Software 2022. github.com/crowsonkb/k-diffusion",
    latent_consistency =
        "Luo, Tan, Huang, Li, Zhao: Latent Consistency Models: Synthesizing High-Resolution Images with Few-Step "
        "Inference. Preprint 2023. arXiv:2310.04378",
    latent_diffusion =
        "Rombach, Blattmann, Lorenz, Esser, Ommer: High-Resolution Image Synthesis with Latent Diffusion Models. "
        "CVPR 2022. arXiv:2112.10752",
    pndm =
        "Liu, Ren, Lin, Zhao: Pseudo Numerical Methods for Diffusion Models on Manifolds. ICLR 2022. "
        "arXiv:2202.09778",
    progressive_distillation =
        "Salimans, Ho: Progressive Distillation for Fast Sampling of Diffusion Models. ICLR 2022. "
        "arXiv:2202.00512",
    re_paint =
        "Lugmayr, Danelljan, Romero, Yu, Timofte, Van Gool: RePaint: Inpainting using Denoising Diffusion "
        "Probabilistic Models. CVPR 2022. arXiv:2201.09865",
    rectified_flow =
        "Liu, Gong, Liu: Flow Straight and Fast: Learning to Generate and Transfer Data with Rectified Flow. ICLR "
        "2023. arXiv:2209.03003",
    res =
        "Zhang, Song, Chen: Improved Order Analysis and Design of Exponential Integrator for Diffusion Models "
        "Sampling. Preprint 2023. arXiv:2308.02157",
    restart =
        "Xu, Deng, Cheng, Tian, Liu, Jaakkola: Restart Sampling for Improving Generative Processes. NeurIPS 2023. "
        "arXiv:2306.14878",
    sa_solver =
        "Xue, Yi, Luo, Zhang, Sun, Li, Ma: SA-Solver: Stochastic Adams Solver for Fast Sampling of Diffusion "
        "Models. NeurIPS 2023. arXiv:2309.05019",
    scaled_flows =
        "Esser, Kulal, Blattmann et al.: Scaling Rectified Flow Transformers for High-Resolution Image Synthesis. "
        "ICML 2024. arXiv:2403.03206",
    score_sde =
        "Song, Sohl-Dickstein, Kingma, Kumar, Ermon, Poole: Score-Based Generative Modeling through Stochastic "
        "Differential Equations. ICLR 2021. arXiv:2011.13456",
    sd_edit =
        "Meng, He, Song, Song, Wu, Zhu, Ermon: SDEdit: Guided Image Synthesis and Editing with Stochastic "
        "Differential Equations. ICLR 2022. arXiv:2108.01073",
    seeds =
        "Gonzalez, Fernandez Pinto, Tran, Gherbi, Hajri, Masmoudi: SEEDS: Exponential SDE Solvers for Fast "
        "High-Quality Sampling from Diffusion Models. NeurIPS 2023. arXiv:2305.14267",
    splitting =
        "Wizadwongsa, Suwajanakorn: Accelerating Guided Diffusion Sampling with Splitting Numerical Methods. ICLR "
        "2023. arXiv:2301.11558",
    tcd =
        "Zheng, Hu, Fan, Wang, Ding, Tao, Cham: Trajectory Consistency Distillation. Preprint 2024. "
        "arXiv:2402.19159",
    trig_flow =
        "Lu, Song: Simplifying, Stabilizing and Scaling Continuous-Time Consistency Models. ICLR 2025. "
        "arXiv:2410.11081",
    unipc =
        "Zhao, Bai, Rao, Zhou, Lu: UniPC: A Unified Predictor-Corrector Framework for Fast Sampling of Diffusion "
        "Models. NeurIPS 2023. arXiv:2302.04867",
    zero_terminal_snr =
        "Lin, Liu, Li, Yang: Common Diffusion Noise Schedules and Sample Steps are Flawed. WACV 2024. "
        "arXiv:2305.08891";

}  // namespace noisefall::papers

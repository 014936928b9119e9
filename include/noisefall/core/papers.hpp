// The papers behind the policies, each written once: authors: title. venue year. where.
#pragma once

#include <string_view>

namespace noisefall::papers {

inline constexpr std::string_view
    adaptive_guidance =
        "Castillo, Kohler, Perez et al.: Adaptive Guidance: Training-free Acceleration of Conditional Diffusion "
        "Models. AAAI 2025. arXiv:2312.12487",
    adg =
        "Jin, Xiao, Liu, Gu: Angle Domain Guidance: Latent Diffusion Requires Rotation Rather Than Extrapolation. ICML "
        "2025. arXiv:2506.11039",
    apg =
        "Sadat, Hilliges, Weber: Eliminating Oversaturation and Artifacts of High Guidance Scales in Diffusion "
        "Models. ICLR 2025. arXiv:2410.02416",
    align_your_steps =
        "Sabour, Fidler, Kreis: Align Your Steps: Optimizing Sampling Schedules in Diffusion Models. ICML 2024. "
        "arXiv:2404.14507",
    beta_sampling =
        "Lee, Lee, Gye, Kim: Beta Sampling is All You Need: Efficient Image Generation Strategy for Diffusion "
        "Models using Stepwise Spectral Analysis. WACV 2025. arXiv:2407.12173",
    comfy_ui = "Comfyanonymous: ComfyUI. Software 2023. github.com/comfyanonymous/ComfyUI",
    autoguidance =
        "Karras, Aittala, Kynkaanniemi, Lehtinen, Aila, Laine: Guiding a Diffusion Model with a Bad Version of Itself. "
        "NeurIPS 2024. arXiv:2406.02507",
    beta_cfg =
        "Malarz, Kasymov, Zieba, Tabor, Spurek: Classifier-free Guidance with Adaptive Scaling. ECAI 2025. "
        "arXiv:2502.10574",
    cads =
        "Sadat, Buhmann, Bradley, Hilliges, Weber: CADS: Unleashing the Diversity of Diffusion Models through "
        "Condition-Annealed Sampling. ICLR 2024. arXiv:2310.17347",
    cfg = "Ho, Salimans: Classifier-Free Diffusion Guidance. NeurIPS Workshop 2021. arXiv:2207.12598",
    cfg_pp =
        "Chung, Kim, Park, Nam, Ye: CFG++: Manifold-constrained Classifier Free Guidance for Diffusion Models. "
        "ICLR 2025. arXiv:2406.08070",
    cfg_zero =
        "Fan, Zheng, Yeh, Liu: CFG-Zero*: Improved Classifier-Free Guidance for Flow Matching Models. Preprint 2025. "
        "arXiv:2503.18886",
    cog_video_x =
        "Yang, Teng, Zheng et al.: CogVideoX: Text-to-Video Diffusion Models with An Expert Transformer. ICLR "
        "2025. arXiv:2408.06072",
    composable =
        "Liu, Li, Du, Torralba, Tenenbaum: Compositional Visual Generation with Composable Diffusion Models. ECCV "
        "2022. arXiv:2206.01714",
    consistency = "Song, Dhariwal, Chen, Sutskever: Consistency Models. ICML 2023. arXiv:2303.01469",
    ddim = "Song, Meng, Ermon: Denoising Diffusion Implicit Models. ICLR 2021. arXiv:2010.02502",
    ddpm = "Ho, Jain, Abbeel: Denoising Diffusion Probabilistic Models. NeurIPS 2020. arXiv:2006.11239",
    deis = "Zhang, Chen: Fast Sampling of Diffusion Models with Exponential Integrator. ICLR 2023. arXiv:2204.13902",
    diffusers =
        "Von Platen, Patil, Lozhkov et al.: Diffusers: State-of-the-Art Diffusion Models. Software 2022. "
        "github.com/huggingface/diffusers",
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
    ep_cfg =
        "Zhang, Luan, Bi, Zhang: EP-CFG: Energy-Preserving Classifier-Free Guidance. Preprint 2024. arXiv:2412.09966",
    er_sde =
        "Cui, Zhang, Bao, Liao: Elucidating the Solution Space of Extended Reverse-Time SDE for Diffusion Models. "
        "WACV 2025. arXiv:2309.06169",
    geo_diff =
        "Xu, Yu, Song, Shi, Ermon, Tang: GeoDiff: A Geometric Diffusion Model for Molecular Conformation Generation. "
        "ICLR 2022. arXiv:2203.02923",
    geometric_trajectory =
        "Chen, Zhou, Wang, Shen, Lyu: On the Trajectory Regularity of ODE-based Diffusion Sampling. ICML 2024. "
        "arXiv:2405.11326",
    fdg =
        "Sadat, Vontobel, Salehi, Weber: Guidance in the Frequency Domain Enables High-Fidelity Sampling at Low CFG "
        "Scales. Preprint 2025. arXiv:2506.19713",
    feynman_kac =
        "Skreta, Akhound-Sadegh, Ohanesian et al.: Feynman-Kac Correctors in Diffusion: Annealing, Guidance, and "
        "Product of Experts. ICML 2025. arXiv:2503.02819",
    gradient_estimation =
        "Permenter, Yuan: Interpreting and Improving Diffusion Models from an Optimization Perspective. ICML "
        "2024. arXiv:2306.04848",
    guided_diffusion =
        "Dhariwal, Nichol: Diffusion Models Beat GANs on Image Synthesis. NeurIPS 2021. arXiv:2105.05233",
    heun_pp = "Carzit: sd-webui-samplers-scheduler. Software 2023. github.com/Carzit/sd-webui-samplers-scheduler",
    improved_ddpm = "Nichol, Dhariwal: Improved Denoising Diffusion Probabilistic Models. ICML 2021. arXiv:2102.09672",
    improved_noise_schedule =
        "Hang, Gu, Bao, Wei, Chen, Geng, Guo: Improved Noise Schedule for Diffusion Training. Preprint 2024. "
        "arXiv:2407.03297",
    k_diffusion = "Crowson: k-diffusion. Software 2022. github.com/crowsonkb/k-diffusion",
    latent_consistency =
        "Luo, Tan, Huang, Li, Zhao: Latent Consistency Models: Synthesizing High-Resolution Images with Few-Step "
        "Inference. Preprint 2023. arXiv:2310.04378",
    latent_diffusion =
        "Rombach, Blattmann, Lorenz, Esser, Ommer: High-Resolution Image Synthesis with Latent Diffusion Models. "
        "CVPR 2022. arXiv:2112.10752",
    mochi = "Genmo Team: Mochi 1. Software 2024. github.com/genmoai/mochi",
    mambo_g =
        "Zhu, Peng, Shu et al.: MAMBO-G: Magnitude-Aware Mitigation for Boosted Guidance. ICML 2026. arXiv:2508.03442",
    particle_guidance =
        "Corso, Xu, De Bortoli, Barzilay, Jaakkola: Particle Guidance: non-I.I.D. Diverse Sampling with Diffusion "
        "Models. ICLR 2024. arXiv:2310.13102",
    perp_neg =
        "Armandpour, Sadeghian, Zheng, Sadeghian, Zhou: Re-imagine the Negative Prompt Algorithm: Transform 2D "
        "Diffusion into 3D, alleviate Janus problem and Beyond. Preprint 2023. arXiv:2304.04968",
    perturbed_attention =
        "Ahn, Cho, Min et al.: Self-Rectifying Diffusion Sampling with Perturbed-Attention Guidance. ECCV 2024. "
        "arXiv:2403.17377",
    pndm =
        "Liu, Ren, Lin, Zhao: Pseudo Numerical Methods for Diffusion Models on Manifolds. ICLR 2022. "
        "arXiv:2202.09778",
    power_law_cfg =
        "Pavasovic, Verbeek, Biroli, Mezard: Classifier-Free Guidance: From High-Dimensional Analysis to Generalized "
        "Guidance Forms. Preprint 2025. arXiv:2502.07849",
    progressive_distillation =
        "Salimans, Ho: Progressive Distillation for Fast Sampling of Diffusion Models. ICLR 2022. "
        "arXiv:2202.00512",
    free_dom =
        "Yu, Wang, Zhao, Ghanem, Zhang: FreeDoM: Training-Free Energy-Guided Conditional Diffusion Model. ICCV 2023. "
        "arXiv:2303.09833",
    re_paint =
        "Lugmayr, Danelljan, Romero, Yu, Timofte, Van Gool: RePaint: Inpainting using Denoising Diffusion "
        "Probabilistic Models. CVPR 2022. arXiv:2201.09865",
    res4lyf = "ClownsharkBatwing: RES4LYF. Software 2024. github.com/ClownsharkBatwing/RES4LYF",
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
    thermodynamics =
        "Sohl-Dickstein, Weiss, Maheswaranathan, Ganguli: Deep Unsupervised Learning using Nonequilibrium "
        "Thermodynamics. ICML 2015. arXiv:1503.03585",
    tcfg = "Kwon, Jeong, Hsiao, Uh: TCFG: Tangential Damping Classifier-free Guidance. CVPR 2025. arXiv:2503.18137",
    temporal_score_rescaling =
        "Xu, Wu, Park, Zhou, Tulsiani: Temporal Score Rescaling for Temperature Sampling in Diffusion and Flow Models. "
        "ICML 2026. arXiv:2510.01184",
    trig_flow =
        "Lu, Song: Simplifying, Stabilizing and Scaling Continuous-Time Consistency Models. ICLR 2025. "
        "arXiv:2410.11081",
    unipc =
        "Zhao, Bai, Rao, Zhou, Lu: UniPC: A Unified Predictor-Corrector Framework for Fast Sampling of Diffusion "
        "Models. NeurIPS 2023. arXiv:2302.04867",
    wuerstchen =
        "Pernias, Rampas, Richter, Pal, Aubreville: Wuerstchen: An Efficient Architecture for Large-Scale "
        "Text-to-Image Diffusion Models. ICLR 2024. arXiv:2306.00637",
    zero_terminal_snr =
        "Lin, Liu, Li, Yang: Common Diffusion Noise Schedules and Sample Steps are Flawed. WACV 2024. "
        "arXiv:2305.08891";

}  // namespace noisefall::papers

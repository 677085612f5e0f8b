"""Fine-tuning on episodes of its own (Zheng et al. 2022)."""

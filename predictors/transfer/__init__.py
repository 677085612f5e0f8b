"""Networks that begin with what others have learnt: backbones, what of them trains, and how fast."""

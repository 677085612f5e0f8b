"""Commands that open a window: play an environment, explore what a generator learnt."""

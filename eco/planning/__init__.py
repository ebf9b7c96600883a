"""Where the next yuan should go: offers, rules that read aloud, and plans with a proof."""

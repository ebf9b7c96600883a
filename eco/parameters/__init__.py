"""Numbers with their sources, the poverty lines, and the draws made from them."""

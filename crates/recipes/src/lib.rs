//! One file a published system: the recipes and their small-scale proofs.

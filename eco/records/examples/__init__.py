"""The example project: what is real, what is placed by rule, what is made up."""

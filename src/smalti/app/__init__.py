"""The page of a project: views over one shared state, in a notebook cell or served."""

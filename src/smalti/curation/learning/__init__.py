"""From labels to a filter: features, labels, models, scores and what is kept."""

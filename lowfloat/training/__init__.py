"""Training in low precision: recipes, their parts, and real data to try them on."""

"""Template tags; Django finds them by the name of this package."""

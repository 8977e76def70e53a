"""The demo corpus: a seeded program that draws harmless abstract clips, with a truth file to check stages against."""

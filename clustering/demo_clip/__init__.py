"""demo-clip: a small open_clip model that knows the demo's world and nothing else. See README.md."""

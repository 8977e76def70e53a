"""The pages: each view authorises, parses, calls one function and responds."""

def load(f): return []

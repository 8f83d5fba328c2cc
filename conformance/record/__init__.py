"""What is kept of a run: findings, evidence without secrets, the file, its bundle and signature."""

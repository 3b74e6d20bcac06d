"""What a reviewer needs to judge a federation: findings, comparisons. Reads files, nothing else."""

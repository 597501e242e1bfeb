"""What several tests are built from: machines, sessions, evidence, checkpoints, runs of the suite."""
